#!/bin/sh
# Writes the TypeScript of the protobuf messages anew. Needs protoc (Debian:
# protobuf-compiler) and Deno. The output is committed.
set -eu
cd "$(dirname "$0")/.."

plugin=$(mktemp)
trap 'rm -f "$plugin"' EXIT
cat > "$plugin" <<'PLUGIN'
#!/bin/sh
exec deno run --quiet --no-lock --no-config --allow-env --allow-read \
  npm:@bufbuild/protoc-gen-es@2.17.0
PLUGIN
chmod +x "$plugin"

# Each folder with .proto files gets its gen/ beside them.
for folder in $(find src/wire -name '*.proto' -exec dirname {} \; | sort -u); do
  mkdir -p "$folder/gen"
  protoc --plugin="protoc-gen-es=$plugin" --proto_path="$folder" \
    --es_out="$folder/gen" --es_opt=target=ts,import_extension=ts \
    "$folder"/*.proto
done
