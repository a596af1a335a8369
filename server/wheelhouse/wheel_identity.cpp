#include "wheelhouse/wheel_identity.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "packaging/name.hpp"
#include "packaging/tag.hpp"
#include "packaging/version.hpp"
#include "wheelhouse/entry_path.hpp"

namespace wheelbarrow::wheelhouse {
namespace {

using packaging::Tag;
using packaging::Version;

std::unexpected<Error> corrupt(std::string message) {
  return fail(ErrorKind::corrupt, std::move(message));
}

// PEP 427 escapes '-' in the version to '_'.
std::optional<Version> unescape_version(std::string text) {
  if (auto version = Version::parse(text)) {
    return *version;
  }
  std::ranges::replace(text, '_', '-');
  if (auto version = Version::parse(text)) {
    return *version;
  }
  return std::nullopt;
}

// The first value; field names are compared without case, as in e-mail.
std::optional<std::string> field(const packaging::HeaderFields& fields, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  const auto found = std::ranges::find_if(
      fields, [&](const auto& each) { return std::ranges::equal(each.first, name, {}, lower, lower); });
  return found == fields.end() ? std::nullopt : std::optional(found->second);
}

// "py3" covers "py313" and "cp313": a tool that adds compiled files to a pure wheel (pyodide py-compile)
// narrows the file name's tag and leaves WHEEL as it was.
bool covers(const Tag& listed, const Tag& named) {
  if (listed.abi != named.abi || listed.platform != named.platform) {
    return false;
  }
  if (listed.interpreter == named.interpreter) {
    return true;
  }
  return listed.interpreter.starts_with("py") && named.interpreter.size() > 2 &&
         std::string_view(named.interpreter)
             .substr(2)
             .starts_with(std::string_view(listed.interpreter).substr(2));
}

Result<std::vector<Tag>> listed_tags(const packaging::HeaderFields& fields) {
  constexpr std::size_t max_tags = 10'000;
  std::vector<Tag> tags;
  for (const auto& [name, value] : fields) {
    if (name != "Tag") {
      continue;
    }
    auto expanded = packaging::parse_tag(value);
    if (!expanded) {
      return corrupt("WHEEL has a tag that is none: " + printable_path(value));
    }
    tags.insert(tags.end(), expanded->begin(), expanded->end());
    if (tags.size() > max_tags) {
      return fail(ErrorKind::limit, "WHEEL lists more than 10000 tags");
    }
  }
  std::ranges::sort(tags);
  return tags;
}

Result<void> check_tags(const std::vector<Tag>& listed, const std::vector<Tag>& named,
                        std::vector<std::string>& warnings) {
  if (listed.empty()) {
    warnings.emplace_back("WHEEL lists no tags");
    return {};
  }
  std::size_t agreeing = 0;
  const Tag* stranger = nullptr;
  for (const Tag& tag : named) {
    const bool agrees = std::ranges::binary_search(listed, tag) ||
                        std::ranges::any_of(listed, [&](const Tag& each) { return covers(each, tag); });
    agreeing += agrees ? 1 : 0;
    stranger = agrees ? stranger : &tag;
  }
  if (agreeing == 0) {
    return corrupt("the file name's tag " + named.front().str() + " is not among those that WHEEL lists (" +
                   listed.front().str() + ")");
  }
  if (stranger != nullptr) {
    warnings.push_back("the file name's tag " + stranger->str() + " is not among those that WHEEL lists");
    return {};
  }
  for (const Tag& tag : listed) {
    if (std::ranges::none_of(named, [&](const Tag& each) { return covers(tag, each); })) {
      warnings.push_back("WHEEL lists the tag " + tag.str() + ", which the file name does not have");
      break;
    }
  }
  return {};
}

}  // namespace

Result<void> check_dist_info_folder(std::string_view folder, const packaging::WheelFilename& parsed) {
  std::string_view stem = folder;
  stem.remove_suffix(std::string_view(".dist-info").size());
  const std::size_t dash = stem.rfind('-');
  if (dash != std::string_view::npos) {
    const auto version = unescape_version(std::string(stem.substr(dash + 1)));
    if (version && *version == parsed.version &&
        packaging::canonicalize_name(stem.substr(0, dash)) == parsed.name) {
      return {};
    }
  }
  return corrupt("its folder " + printable_path(folder) + " belongs to another project or version");
}

Result<packaging::Metadata> check_metadata(std::string_view text, const packaging::WheelFilename& parsed,
                                           std::vector<std::string>& warnings) {
  auto metadata = packaging::parse_metadata(text);
  if (!metadata) {
    return corrupt("METADATA can't be read: " + metadata.error().text());
  }
  if (packaging::canonicalize_name(metadata->name) != parsed.name) {
    return corrupt("METADATA names the project " + printable_path(metadata->name) + ", the file name " +
                   parsed.name);
  }
  if (metadata->version != parsed.version) {
    return corrupt("METADATA has version " + metadata->version.str() + ", the file name " +
                   parsed.version.str());
  }
  // Core metadata: warn of a version that is newer than what is known; a newer major version was refused.
  const auto known = Version::parse(packaging::known_metadata_version);
  if (known && metadata->metadata_version > *known) {
    warnings.push_back("METADATA has Metadata-Version " + metadata->metadata_version.str() + ", newer than " +
                       std::string(packaging::known_metadata_version));
  }
  return metadata;
}

Result<void> check_wheel_file(std::string_view text, const packaging::WheelFilename& parsed,
                              std::vector<std::string>& warnings) {
  const auto fields = packaging::parse_header_fields(text);
  if (!fields) {
    return corrupt("WHEEL can't be read: " + fields.error().text());
  }
  const auto version = field(*fields, "Wheel-Version");
  if (!version) {
    return corrupt("WHEEL has no Wheel-Version");
  }
  // PEP 427: warn if the minor version is greater than what is known, fail if the major version is.
  if (*version != "1" && !version->starts_with("1.")) {
    return corrupt("WHEEL has Wheel-Version " + printable_path(*version) + "; only 1.x is known");
  }
  if (*version != "1.0" && *version != "1") {
    warnings.push_back("WHEEL has Wheel-Version " + printable_path(*version) + ", newer than 1.0");
  }
  const auto listed = listed_tags(*fields);
  if (!listed) {
    return std::unexpected(listed.error());
  }
  return check_tags(*listed, parsed.tags, warnings);
}

}  // namespace wheelbarrow::wheelhouse
