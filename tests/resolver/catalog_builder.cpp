#include "resolver/catalog_builder.hpp"

#include <stdexcept>
#include <utility>

namespace wheelbarrow::resolver::test {
namespace {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::invalid_argument(result.error().text());
  return *std::move(result);
}

}  // namespace

CatalogBuilder& CatalogBuilder::add(const std::string& filename, const std::string& metadata,
                                    const std::vector<std::string>& distribution_depends) {
  auto wheel = std::make_shared<wheelhouse::Wheel>();
  wheel->filename = filename;
  wheel->path = "/wheels/" + filename;
  wheel->sha256 = sha256(filename);
  wheel->parsed = must(packaging::parse_wheel_filename(filename));
  wheel->metadata_text = "Metadata-Version: 2.1\nName: " + wheel->parsed.name +
                         "\nVersion: " + wheel->parsed.version.str() + "\n" + metadata;
  wheel->metadata = must(packaging::parse_metadata(wheel->metadata_text));
  wheel->distribution_depends = distribution_depends;
  wheels_.push_back(std::move(wheel));
  return *this;
}

CatalogBuilder& CatalogBuilder::add_pure(const std::string& name, const std::string& version,
                                         const std::string& metadata) {
  return add(name + "-" + version + "-py3-none-any.whl", metadata);
}

CatalogBuilder& CatalogBuilder::add_shared_library(const std::string& name, const std::string& version,
                                                   const std::vector<std::string>& distribution_depends) {
  auto wheel = std::make_shared<wheelhouse::Wheel>();
  wheel->kind = wheelhouse::WheelKind::shared_library;
  wheel->filename = name + "-" + version + ".zip";
  wheel->path = "/wheels/" + wheel->filename;
  wheel->sha256 = sha256(wheel->filename);
  wheel->parsed.name = name;
  wheel->parsed.version = must(packaging::Version::parse(version));
  wheel->distribution_depends = distribution_depends;
  wheels_.push_back(std::move(wheel));
  return *this;
}

CatalogBuilder& CatalogBuilder::yank(const std::string& reason) {
  wheels_.back()->yanked = reason;
  return *this;
}

wheelhouse::Catalog CatalogBuilder::build() const {
  wheelhouse::Catalog::Parts parts;
  parts.wheels.assign(wheels_.begin(), wheels_.end());
  return wheelhouse::Catalog(std::move(parts));
}

packaging::Target target_named(std::string_view name) {
  return must(packaging::parse_target(name));
}

std::vector<packaging::Requirement> requirements_of(const std::vector<std::string>& texts) {
  std::vector<packaging::Requirement> requirements;
  for (const std::string& text : texts) requirements.push_back(must(packaging::Requirement::parse(text)));
  return requirements;
}

packaging::RequirementSet set_of(const std::vector<std::string>& requirements,
                                 const std::vector<std::string>& constraints) {
  return {requirements_of(requirements), requirements_of(constraints), {}};
}

std::string resolve_to_text(const wheelhouse::Catalog& catalog, const packaging::RequirementSet& set,
                            std::string_view target) {
  const auto lock = resolve(catalog, target_named(target), set);
  if (!lock) return lock.error().message;
  std::string text;
  for (const LockedWheel& locked : lock->wheels) {
    if (!text.empty()) text += ", ";
    text += locked.wheel->name() + " " + locked.wheel->version().str();
  }
  return text;
}

std::string resolve_to_text(const wheelhouse::Catalog& catalog, const std::vector<std::string>& requirements,
                            std::string_view target) {
  return resolve_to_text(catalog, set_of(requirements), target);
}

}  // namespace wheelbarrow::resolver::test
