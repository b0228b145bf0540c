"""The certificate, read anew on demand without disturbing open connections."""

import os
import ssl

from octyne.errors import InvalidError


class TlsContext:
    """A certificate and its key, as the context that new connections use.

    Raises InvalidError at once when the files are missing or broken. Blocks briefly.
    """

    def __init__(self, certificate: str, key: str) -> None:
        self._certificate = certificate
        self._key = key
        self._context = _load(certificate, key)

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection; ask each time, since `reload` puts another in its place.

        It is not loaded in place: after a change from RSA to ECDSA the old certificate would
        go on being served beside the new one.
        """
        return self._context

    def reload(self) -> None:
        """Read the files again, for new connections. Broken ones change nothing.

        Raises InvalidError with a sentence that holds no part of the key.
        """
        self._context = _load(self._certificate, self._key)


def _load(certificate: str, key: str) -> ssl.SSLContext:
    for path, what in ((certificate, "certificate"), (key, "key")):
        _require_readable(path, what)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols(["http/1.1"])
    names = f"{os.path.basename(certificate)} and {os.path.basename(key)}"
    try:
        # Without a password here, an encrypted key would ask for one at the terminal, and wait.
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise InvalidError(f"The TLS files {names} do not belong together.") from error
        raise InvalidError(
            f"The TLS files {names} are not a certificate and an unencrypted key in PEM form."
        ) from error
    except (OSError, ValueError) as error:
        raise InvalidError(f"The TLS files {names} cannot be read.") from error
    return context


def _require_readable(path: str, what: str) -> None:
    name = os.path.basename(path)
    try:
        with open(path, "rb") as file:
            file.read(1)
    except FileNotFoundError as error:
        raise InvalidError(f"The TLS {what} file {name!r} does not exist.") from error
    except OSError as error:
        reason = error.strerror or "unknown error"
        raise InvalidError(f"The TLS {what} file {name!r} cannot be read: {reason}.") from error
