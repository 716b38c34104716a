"""The intermediate representation: nodes, kinds, and what passes need to walk and build them."""
