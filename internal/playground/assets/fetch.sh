#!/bin/sh
# Fetches the playground's foreign assets again, checks each against SHA256SUMS,
# and stores it compressed beside this script. It needs npm, tar, gzip and
# sha256sum; npm's own configuration says where packages come from.
#
# To raise a version: change it below, run the script, look at the new sums it
# prints on failure, write them into SHA256SUMS, and run it again.
set -eu

here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

take() { # take PACKAGE@VERSION FILE...
  archive=$(npm pack --silent "$1")
  shift
  tar -xzf "$archive"
  for file in "$@"; do mv "package/$file" .; done
  rm -rf package "$archive"
}

take graphiql@4.1.2 graphiql.min.js graphiql.min.css
take react@18.2.0 umd/react.production.min.js
take react-dom@18.2.0 umd/react-dom.production.min.js

sha256sum --check "$here/SHA256SUMS" || { sha256sum ./*; exit 1; }
for file in *; do gzip -9 -n -c "$file" > "$here/$file.gz"; done
