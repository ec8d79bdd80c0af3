"""Names of a connection's parameters in MySQL's many clients. Pure.

In lower case and without dashes, underscores, dots and blanks.
"""

from __future__ import annotations

FIELDS = {
    "sslmode": "mode",
    "ssl": "switch",
    "tls": "tls",
    "usessl": "use",
    "requiressl": "require",
    "ssldisabled": "disable",
    "verifyservercertificate": "verify",
    "sslverifycert": "verify",
    "sslverifyservercert": "verify",
    "sslverifyidentity": "identity",
    "sslcheckhostname": "identity",
    "trustservercertificate": "trust",
    "sslca": "ca",
    "sslrootcert": "ca",
    "serversslcert": "ca",
    "sslcapath": "ca_path",
    "sslcert": "cert",
    "sslkey": "key",
    "unixsocket": "unix_socket",
    "socket": "unix_socket",
    "localsocket": "unix_socket",
    "connecttimeout": "connect_timeout_s",
    "timeout": "connect_timeout_s",
    "readtimeout": "read_timeout_s",
    "sockettimeout": "read_timeout_s",
    "user": "user",
    "username": "user",
    "password": "password",
}
"""Parameters with an effect, and which one."""
SPELLINGS = {
    **{name: name for name in FIELDS},
    "sslmode": "ssl-mode",
    "usessl": "useSSL",
    "requiressl": "requireSSL",
    "ssldisabled": "ssl_disabled",
    "verifyservercertificate": "verifyServerCertificate",
    "sslverifycert": "ssl_verify_cert",
    "sslverifyservercert": "ssl-verify-server-cert",
    "sslverifyidentity": "ssl_verify_identity",
    "sslcheckhostname": "ssl_check_hostname",
    "trustservercertificate": "trustServerCertificate",
    "sslca": "ssl_ca",
    "serversslcert": "serverSslCert",
    "sslcapath": "ssl_capath",
    "sslcert": "ssl_cert",
    "sslkey": "ssl_key",
    "unixsocket": "unix_socket",
    "localsocket": "localSocket",
    "connecttimeout": "connect_timeout",
    "readtimeout": "read_timeout",
    "sockettimeout": "socketTimeout",
}
"""How the parameters with an effect are written."""
CHARACTER_SETS = frozenset({"charset", "characterencoding"})
"""Must be UTF-8, which the connection always has."""
LOCAL_FILES = frozenset(
    {"localinfile", "allowloadlocalinfile", "allowallfiles", "allowurlinlocalinfile"}
)
"""Must be false: a server may not read files of this machine."""
TIME_ZONES = frozenset({"servertimezone", "connectiontimezone", "timezone", "loc"})
"""Must be UTC, which the connection always has."""
IGNORED = frozenset(
    {
        "allowmultiqueries",
        "allownativepasswords",
        "allowpublickeyretrieval",
        "autocommit",
        "autoreconnect",
        "cacheprepstmts",
        "collation",
        "connectioncollation",
        "connectionlimit",
        "failoverreadonly",
        "interpolateparams",
        "multistatements",
        "parsetime",
        "poolrecycle",
        "poolsize",
        "rewritebatchedstatements",
        "tinyint1isbit",
        "usecursorfetch",
        "uselegacydatetimecode",
        "useserverprepstmts",
        "usetimezone",
        "useunicode",
        "writetimeout",
        "zerodatetimebehavior",
    }
)
"""Change nothing of what is read, whatever their value."""
