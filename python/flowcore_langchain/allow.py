"""Which objects configurations may name, and how they are found."""

import importlib
from fnmatch import fnmatchcase
from types import ModuleType


class Refused(Exception):
    """A configuration does not do; the message says why."""


class AllowList:
    """Patterns of import paths: `package.*` for modules below a package, `module:name*` for names in a module."""

    def __init__(self, patterns):
        self.patterns = [pattern if ":" in pattern else pattern + ":*" for pattern in patterns]

    def permits(self, module, name):
        return any(fnmatchcase(f"{module}:{name}", pattern) for pattern in self.patterns)

    def require(self, module, name):
        if not self.permits(module, name):
            raise Refused(f"{module}:{name} is not on the allow list of the backend")

    def resolve(self, path):
        """The object at `module:attribute.attribute`."""
        module, _, attributes = path.partition(":")
        names = attributes.split(".")
        if not module or not all(name.isidentifier() and not name.startswith("_") for name in names):
            raise Refused(f"{path!r} is no import path such as package.module:attribute")
        self.require(module, attributes)
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise Refused(f"{module} cannot be imported: {error}") from error
        for name in names:
            try:
                found = getattr(found, name)
            except AttributeError as error:
                raise Refused(f"{path}: {error}") from error
            # What an allowed module has imported for itself is not allowed by that.
            if isinstance(found, ModuleType):
                raise Refused(f"{path} leads through a module that is not on the allow list of the backend")
            # A class or function tells where it is from; an instance only tells where its class is.
            origin, qualified = getattr(found, "__module__", None), getattr(found, "__qualname__", None)
            if isinstance(origin, str) and isinstance(qualified, str) and origin != module:
                self.require(origin, qualified)
        return found
