"""Builders of Spark's expressions."""

from sqlglot import exp


def of(name: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    """A call of one of Spark's own functions."""
    return exp.Anonymous(
        this=name,
        expressions=[
            argument if isinstance(argument, exp.Expr) else exp.convert(argument)
            for argument in arguments
        ],
    )


def column(name: str) -> exp.Expr:
    """A column by a name that may be a word of the language."""
    return exp.column(exp.to_identifier(name, quoted=True))


def is_a(node: exp.Expr, *kinds: exp.DType) -> bool:
    """Whether it is known to be of one of these types."""
    return bool(node.type) and node.is_type(*kinds)


def there(node: exp.Expr) -> exp.Expr:
    """That it is not null."""
    return exp.Not(this=exp.Is(this=node.copy(), expression=exp.Null()))


def double(node: exp.Expr) -> exp.Expr:
    """As a binary number."""
    return exp.cast(exp.Paren(this=node) if isinstance(node, exp.Binary) else node, "double")
