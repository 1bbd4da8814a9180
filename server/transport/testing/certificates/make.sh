#!/bin/sh
# Makes the certificates of this folder anew (OpenSSL 1.1.1 or newer); run it in this folder. They are for tests
# on loopback only: leaf.key.pem is public, the authorities' keys are thrown away.
set -eu
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
: > "$work/index"
cat > "$work/ca.cnf" <<END
[ca]
default_ca = this
[this]
database = $work/index
new_certs_dir = $work
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
END
key() { openssl ecparam -name prime256v1 -genkey -noout -out "$1"; }
sign() { # $1: file, $2: extensions, $3: until, then options that name the authority
  file=$1 extensions=$2 until=$3
  shift 3
  printf '%b' "$extensions" > "$work/extensions"
  openssl ca -batch -notext -config "$work/ca.cnf" -startdate 20200101000000Z -enddate "$until" \
    -extfile "$work/extensions" -in "$work/request" -out "$file" "$@"
}
authority() { # $1: where, $2: common name
  key "$work/$2.key"
  openssl req -new -key "$work/$2.key" -subj "/CN=$2" -out "$work/request"
  sign "$1" 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n' \
    21200101000000Z -selfsign -keyfile "$work/$2.key"
}
leaf() { # $1: file, $2: subjectAltName, $3: the authority's certificate, $4: its common name, $5: until
  openssl req -new -key leaf.key.pem -subj "/CN=Signway test upstream" -out "$work/request"
  sign "$1" "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\nsubjectAltName=$2\n" \
    "$5" -cert "$3" -keyfile "$work/$4.key"
}
key leaf.key.pem
authority ca.pem 'Signway test authority'
authority "$work/stranger.pem" 'Signway test stranger'
leaf upstream.pem 'DNS:upstream.test,DNS:*.wild.test,IP:127.0.0.1,IP:::1' ca.pem 'Signway test authority' 21200101000000Z
leaf wrong-name.pem 'DNS:other.test' ca.pem 'Signway test authority' 21200101000000Z
leaf expired.pem 'DNS:upstream.test,IP:127.0.0.1' ca.pem 'Signway test authority' 20200102000000Z
leaf untrusted.pem 'DNS:upstream.test,IP:127.0.0.1' "$work/stranger.pem" 'Signway test stranger' 21200101000000Z
