"""IR as text for people: a compact rendering for messages, labels and tests. Not Python source."""

from __future__ import annotations

from srcdiff.ir import nodes as n
from srcdiff.ir.scatter import as_call, is_scatter

_SIGNS = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "**",
    "matmul": "@", "lshift": "<<", "rshift": ">>", "bitand": "&", "bitor": "|", "bitxor": "^",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "is": "is",
    "is_not": "is not", "in": "in", "not_in": "not in",
}  # fmt: skip


def show(e: n.Expr) -> str:
    """The expression, fully bracketed."""
    match e:
        case n.Var() | n.Global():
            return e.name
        case n.Ref():
            return e.path
        case n.Const():
            return repr(e.value)
        case n.Index():
            key = ", ".join(map(show, e.key.items)) if isinstance(e.key, n.Tuple) else show(e.key)
            return f"{show(e.base)}[{key}]"
        case n.Field():
            return f"{show(e.base)}.{e.name}"
        case n.Slice():
            lower, upper = (show(x) if x else "" for x in (e.lower, e.upper))
            return f"{lower}:{upper}" + (f":{show(e.step)}" if e.step else "")
        case n.Op() if len(e.args) == 2 and e.op in _SIGNS:
            return f"({show(e.args[0])} {_SIGNS[e.op]} {show(e.args[1])})"
        case n.Op():
            return f"{e.op}({', '.join(map(show, e.args))})"
        case n.Compare():
            rest = zip(e.ops, e.args[1:], strict=True)
            return "(" + show(e.args[0]) + "".join(f" {_SIGNS[o]} {show(a)}" for o, a in rest) + ")"
        case n.Choose():
            return f"({show(e.a)} if {show(e.test)} else {show(e.b)})"
        case n.Call():
            args = [show(a) for a in e.args]
            args += [k + show(v) if k == "**" else f"{k}={show(v)}" for k, v in e.keywords]
            return f"{show(e.callee)}({', '.join(args)})"
        case n.Tuple():
            return f"({', '.join(map(show, e.items))},)"
        case n.List():
            return f"[{', '.join(map(show, e.items))}]"
        case n.Dict():
            pairs = zip(e.keys, e.items, strict=True)
            return "{" + ", ".join(f"{key!r}: {show(item)}" for key, item in pairs) + "}"
        case n.Starred():
            return f"*{show(e.value)}"
        case n.OpaqueExpr():
            return e.text
    return repr(e)


def show_block(block: n.Block, indent: int = 0) -> str:
    """The statements, a line each, inner blocks indented."""
    lines: list[str] = []
    for s in block:
        lines += [("    " * indent) + line for line in _lines(s)]
    return "\n".join(lines)


def _lines(s: n.Stmt) -> list[str]:
    match s:
        case n.Assign():
            return [f"{show(s.target)} = {show(s.value)}"]
        case n.Update():
            if is_scatter(s):
                return [show(as_call(s))]
            return [f"{show(s.target)} {_SIGNS[s.op]}= {show(s.value)}"]
        case n.If():
            lines = [f"if {show(s.test)}:", show_block(s.body, 1)]
            return lines + (["else:", show_block(s.orelse, 1)] if s.orelse else [])
        case n.While():
            return [f"while {show(s.test)}:", show_block(s.body, 1)]
        case n.For():
            return [f"for {show(s.target)} in {show(s.iter)}:", show_block(s.body, 1)]
        case n.Return():
            return [f"return {show(s.value)}" if s.value else "return"]
        case n.Effect():
            return [show(s.value)]
        case n.Save():
            return [f"save {show(s.slot.place)}"]
        case n.Restore():
            return [f"restore {show(s.slot.place)}"]
        case n.Comment():
            return [f"# {s.text}"]
    return [type(s).__name__.lower()]
