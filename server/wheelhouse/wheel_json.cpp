#include "wheelhouse/wheel_json.hpp"

#include <boost/json.hpp>
#include <exception>
#include <utility>
#include <vector>

namespace wheelbarrow::wheelhouse {
namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& texts) {
  json::array list;
  list.reserve(texts.size());
  for (const std::string& text : texts) {
    list.emplace_back(text);
  }
  return list;
}

std::vector<std::string> texts_of(const json::value& list) {
  std::vector<std::string> texts;
  for (const json::value& each : list.as_array()) {
    texts.emplace_back(each.as_string());
  }
  return texts;
}

// Throws whatever Boost.JSON throws where a member is missing or of another type.
std::optional<Wheel> build(const json::object& object, const std::filesystem::path& path,
                           const std::optional<LibraryDescription>& library) {
  Wheel wheel;
  const auto hash = Sha256::from_hex(std::string_view(object.at("sha256").as_string()));
  if (!hash) {
    return std::nullopt;
  }
  wheel.path = path;
  wheel.filename = path.filename().string();
  wheel.sha256 = *hash;
  wheel.size = object.at("size").to_number<std::uint64_t>();
  wheel.modified = object.at("modified").to_number<std::int64_t>();
  wheel.metadata_text = std::string(object.at("metadata").as_string());
  wheel.file_count = object.at("file_count").to_number<std::uint64_t>();
  wheel.unpacked_size = object.at("unpacked_size").to_number<std::uint64_t>();
  wheel.extension_modules = texts_of(object.at("extension_modules"));
  wheel.imports = texts_of(object.at("imports"));
  wheel.warnings = texts_of(object.at("warnings"));
  if (library) {
    describe_library(wheel, *library);
    return wheel;
  }
  auto parsed = packaging::parse_wheel_filename(wheel.filename);
  auto metadata = packaging::parse_metadata(wheel.metadata_text);
  if (!parsed || !metadata) {
    return std::nullopt;
  }
  wheel.parsed = std::move(*parsed);
  wheel.metadata = std::move(*metadata);
  return wheel;
}

}  // namespace

std::string wheel_to_json(const Wheel& wheel) {
  return json::serialize(json::object{
      {"sha256", wheel.sha256.hex()},
      {"size", wheel.size},
      {"modified", static_cast<std::int64_t>(wheel.modified)},
      {"metadata", wheel.metadata_text},
      {"file_count", wheel.file_count},
      {"unpacked_size", wheel.unpacked_size},
      {"extension_modules", list_of(wheel.extension_modules)},
      {"imports", list_of(wheel.imports)},
      {"warnings", list_of(wheel.warnings)},
  });
}

std::optional<Wheel> wheel_from_json(std::string_view text, const std::filesystem::path& path,
                                     const std::optional<LibraryDescription>& library) {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // METADATA is kept byte for byte
  try {
    return build(json::parse(text, {}, options).as_object(), path, library);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace wheelbarrow::wheelhouse
