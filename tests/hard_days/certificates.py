"""Server certificates by the openssl command, each its own authority: good, expired, of another
host."""

import subprocess

_CONFIG = """
[ca]
default_ca = here
[here]
database = {folder}/index.txt
new_certs_dir = {folder}
rand_serial = yes
default_md = sha256
policy = any
x509_extensions = names
unique_subject = no
[any]
commonName = supplied
[names]
basicConstraints = CA:TRUE
subjectAltName = {names}
[req]
distinguished_name = name
[name]
"""
HERE = "DNS:localhost,IP:127.0.0.1"
_VALID = ("20200101000000Z", "20491231000000Z")
_OVER = ("20200101000000Z", "20200102000000Z")


def make(folder, names=HERE, expired=False):
    """(certificate, key): paths of PEM files in `folder`, which this call makes."""
    folder.mkdir()
    (folder / "index.txt").touch()
    config = folder / "ca.cnf"
    config.write_text(_CONFIG.format(folder=folder, names=names))
    key, request, certificate = (folder / name for name in ("key.pem", "request", "cert.pem"))

    def run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
    run("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-keyout", key, "-out", request, "-subj", "/CN=localhost", "-config", config)
    begin, end = _OVER if expired else _VALID
    run("ca", "-batch", "-selfsign", "-keyfile", key, "-in", request, "-out", certificate,
        "-notext", "-config", config, "-startdate", begin, "-enddate", end)
    return certificate, key
