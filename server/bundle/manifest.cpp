#include "bundle/manifest.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <stdexcept>
#include <utility>

#include "bundle/report_json.hpp"
#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {
namespace json = boost::json;
namespace {

json::object to_object(const Member& member, bool placed) {
  json::object object;
  object["name"] = member.name;
  object["project"] = member.project;
  object["version"] = member.version;
  object["file"] = member.filename;
  object["wheel_sha256"] = member.wheel.hex();
  if (member.shared_library) object["shared_library"] = true;
  if (placed) {
    object["offset"] = member.offset;
    object["size"] = member.size;
    object["sha256"] = member.layer.hex();
  }
  object["files"] = member.files;
  object["extension_modules"] = json::value_from(member.extension_modules);
  object["imports"] = json::value_from(member.imports);
  object["depends"] = json::value_from(member.depends);
  if (placed) {
    for (auto& [key, value] : to_json(member.report)) {
      object[key] = std::move(value);
    }
  }
  return object;
}

json::object to_object(const BytecodeRecipe& recipe) {
  json::object object;
  object["mode"] = name_of(recipe.mode);
  object["python"] = recipe.python;
  object["platform"] = recipe.platform;
  object["magic"] = magic_of(recipe.minor_version()).value_or(0);
  return object;
}

BytecodeRecipe to_bytecode(const json::object& object) {
  const auto mode = parse_bytecode_mode(std::string_view(object.at("mode").as_string()));
  if (!mode || *mode == BytecodeMode::off) throw std::runtime_error("not a kind of bytecode");
  BytecodeRecipe recipe;
  recipe.mode = *mode;
  recipe.python = object.at("python").as_string();
  recipe.platform = object.at("platform").as_string();
  return recipe;
}

json::array to_array(const std::vector<Part>& parts) {
  json::array array;
  for (const Part& part : parts) {
    array.push_back(
        {{"sha256", part.sha256.hex()}, {"size", part.size}, {"wheels", json::value_from(part.wheels)}});
  }
  return array;
}

// Keys stand in the order written here, so equal manifests give equal text.
std::string to_json(const Manifest& manifest, bool placed) {
  json::object object;
  object["format"] = format_version;
  object["kind"] = name_of(manifest.format);
  object["target"] = manifest.target;
  object["python"] = manifest.python;
  object["pyodide"] = manifest.pyodide;
  if (!manifest.strip.empty()) object["strip"] = json::value_from(manifest.strip.names());
  if (manifest.bytecode) object["bytecode"] = to_object(*manifest.bytecode);
  object["requirements"] = json::value_from(manifest.requirements);
  if (placed) object["size"] = manifest.size;
  if (placed && !manifest.parts.empty()) object["parts"] = to_array(manifest.parts);
  json::array wheels;
  for (const Member& member : manifest.members) {
    wheels.push_back(to_object(member, placed));
  }
  object["wheels"] = std::move(wheels);
  return json::serialize(object);
}

std::vector<std::string> to_texts(const json::value& value) {
  std::vector<std::string> texts;
  for (const json::value& element : value.as_array()) {
    texts.emplace_back(element.as_string());
  }
  return texts;
}

Sha256 to_hash(const json::value& value) {
  const auto hash = Sha256::from_hex(value.as_string());
  if (!hash) throw std::runtime_error("not a SHA-256");
  return *hash;
}

Member to_member(const json::object& object) {
  Member member;
  member.name = object.at("name").as_string();
  member.project = object.at("project").as_string();
  member.version = object.at("version").as_string();
  member.filename = object.at("file").as_string();
  member.wheel = to_hash(object.at("wheel_sha256"));
  member.shared_library = object.contains("shared_library");
  member.offset = object.at("offset").to_number<std::uint64_t>();
  member.size = object.at("size").to_number<std::uint64_t>();
  member.layer = to_hash(object.at("sha256"));
  member.files = object.at("files").to_number<std::uint64_t>();
  member.extension_modules = to_texts(object.at("extension_modules"));
  member.imports = to_texts(object.at("imports"));
  member.depends = to_texts(object.at("depends"));
  member.report = to_layer_report(object);
  return member;
}

Part to_part(const json::object& object) {
  return {to_hash(object.at("sha256")), object.at("size").to_number<std::uint64_t>(),
          to_texts(object.at("wheels"))};
}

// Where the files of an archive of shared libraries go; see LayerRecipe::below.
std::string dynlib_folder(const Member& member) {
  return member.name + "-" + member.version + ".data/dynlib/";
}

// Gives each member its offset behind a manifest entry of `entry_size` bytes and returns the tar's size.
std::uint64_t place(Manifest& manifest, std::uint64_t entry_size) {
  std::uint64_t offset = entry_size;
  for (Member& member : manifest.members) {
    member.offset = offset;
    offset += member.size;
  }
  manifest.size = offset + tar_end_size;
  return manifest.size;
}

}  // namespace

LayerRecipe Manifest::recipe(const Member& member) const {
  LayerRecipe recipe;
  recipe.wheel = member.wheel;
  recipe.filename = member.filename;
  recipe.format = format;
  recipe.pyodide = pyodide;
  if (member.shared_library) {
    recipe.below = dynlib_folder(member);
  } else {
    recipe.strip = strip;
    recipe.bytecode = bytecode;
  }
  return recipe;
}

Manifest plan(const resolver::Lock& lock, const packaging::Target& target, Format format, StripSet strip,
              std::optional<BytecodeRecipe> bytecode) {
  Manifest manifest;
  manifest.strip = strip;
  manifest.bytecode = std::move(bytecode);
  manifest.format = format;
  manifest.target = target.name();
  manifest.python = target.python().str();
  manifest.pyodide = format == Format::site && target.is_emscripten();
  manifest.requirements = lock.requirements;
  for (const resolver::LockedWheel& locked : lock.wheels) {
    const wheelhouse::Wheel& wheel = *locked.wheel;
    Member member;
    member.name = wheel.name();
    member.project = wheel.metadata.name.empty() ? wheel.name() : wheel.metadata.name;
    member.version = wheel.version().str();
    member.filename = wheel.filename;
    member.wheel = wheel.sha256;
    member.shared_library = wheel.kind == wheelhouse::WheelKind::shared_library;
    member.files = wheel.file_count;
    member.imports = wheel.imports;
    member.depends = locked.depends;
    if (format == Format::site) {
      const std::string below = member.shared_library ? dynlib_folder(member) : "";
      for (const std::string& path : wheel.extension_modules) {
        member.extension_modules.push_back(below + path);
      }
    }
    manifest.members.push_back(std::move(member));
  }
  return manifest;
}

std::string plan_text(const Manifest& manifest) {
  return to_json(manifest, false);
}

std::string manifest_entry(Manifest& manifest) {
  // The offsets in the manifest depend on its own length. The content grows by whole blocks until its text,
  // with the offsets that follow, fits; what is left is filled with spaces.
  std::uint64_t content_size = 0;
  std::string text;
  do {
    content_size =
        std::max(content_size + (text.empty() ? 0 : tar_block), round_up_to_block(text.size() + 1));
    place(manifest, tar_block + content_size);
    text = to_json(manifest, true);
  } while (text.size() + 1 > content_size);
  text.resize(content_size - 1, ' ');
  text += '\n';
  return tar_header(manifest_path, text.size(), 0644) + text;
}

Result<Manifest> parse_manifest_entry(std::string_view entry) {
  if (entry.size() < tar_block) return fail(ErrorKind::corrupt, "the manifest is cut short");
  try {
    const json::value value = json::parse(entry.substr(tar_block));
    const json::object& object = value.as_object();
    if (object.at("format").as_int64() != format_version) {
      return fail(ErrorKind::not_found,
                  "another version of wheelbarrow made the bundle of that name; ask for it by its "
                  "requirements at /bundle?r=...");
    }
    Manifest manifest;
    manifest.format =
        object.at("kind").as_string() == name_of(Format::wheels) ? Format::wheels : Format::site;
    manifest.target = object.at("target").as_string();
    manifest.python = object.at("python").as_string();
    manifest.pyodide = object.at("pyodide").as_bool();
    manifest.requirements = to_texts(object.at("requirements"));
    manifest.size = object.at("size").to_number<std::uint64_t>();
    if (const auto* const bytecode = object.if_contains("bytecode")) {
      manifest.bytecode = to_bytecode(bytecode->as_object());
    }
    if (const auto* const strip = object.if_contains("strip")) {
      for (const std::string& name : to_texts(*strip)) {
        const auto known = StripSet::parse(name);
        if (!known) return std::unexpected(known.error());
        manifest.strip.add(*known);
      }
    }
    for (const json::value& wheel : object.at("wheels").as_array()) {
      manifest.members.push_back(to_member(wheel.as_object()));
    }
    if (const json::value* const parts = object.if_contains("parts")) {
      for (const json::value& part : parts->as_array()) {
        manifest.parts.push_back(to_part(part.as_object()));
      }
    }
    return manifest;
  } catch (const std::exception& error) {  // Boost.JSON throws on a missing key or a value of another type
    return fail(ErrorKind::corrupt, std::string("the manifest can't be read: ") + error.what());
  }
}

}  // namespace wheelbarrow::bundle
