#include "routes/bundle_json.hpp"

#include <boost/json.hpp>
#include <string>
#include <utility>

namespace wheelbarrow::routes {
namespace json = boost::json;
namespace {

json::object described(std::string_view root, const Sha256& sha256, std::uint64_t size) {
  json::object object;
  object["url"] = std::string(root) + "bundles/" + sha256.hex() + ".tar";
  object["sha256"] = sha256.hex();
  object["size"] = size;
  return object;
}

}  // namespace

json::object to_json(const bundle::Bundle& bundle, std::string_view root) {
  json::object object = described(root, bundle.sha256, bundle.size());
  object["format"] = bundle::name_of(bundle.manifest.format);
  object["strip"] = json::value_from(bundle.manifest.strip.names());
  const auto& bytecode = bundle.manifest.bytecode;
  object["bytecode"] = bundle::name_of(bytecode ? bytecode->mode : bundle::BytecodeMode::off);
  json::array parts;
  for (const bundle::Part& part : bundle.manifest.parts) {
    json::object each = described(root, part.sha256, part.size);
    each["wheels"] = json::value_from(part.wheels);
    parts.push_back(std::move(each));
  }
  object["parts"] = std::move(parts);
  return object;
}

}  // namespace wheelbarrow::routes
