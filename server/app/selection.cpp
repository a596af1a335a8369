#include "app/selection.hpp"

#include <fstream>
#include <utility>

#include "packaging/requirements_file.hpp"
#include "routes/targets.hpp"

namespace wheelbarrow::app {
namespace {

constexpr std::size_t largest_file = std::size_t{16} * 1024 * 1024;

// A requirements or constraints file; a relative name is meant from the folder of the file it stands in, as
// in pip.
Result<packaging::RequirementsText> read_file(std::string_view file, std::string_view named_in) {
  const std::string path = std::filesystem::path(named_in).parent_path() / file;
  std::ifstream stream(path, std::ios::binary);
  if (!stream || std::filesystem::is_directory(path))
    return fail(ErrorKind::invalid_input, "can't open the file", path);
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file) return fail(ErrorKind::limit, "is larger than 16 MiB", path);
  return packaging::RequirementsText{path, std::move(text)};
}

}  // namespace

void add_target_definitions(CLI::App& app, std::vector<std::string>& definitions) {
  app.add_option("--define-target", definitions,
                 "another environment: Python and platform tags, best first, or a pyodide-lock.json; may be "
                 "repeated")
      ->allow_extra_args(false)
      ->type_name("NAME=PYTHON:TAG,...|NAME=FILE");
}

void Selection::add_options(CLI::App& app) {
  app.add_option("--wheels", wheels, "folder of wheels, searched recursively; may be repeated")
      ->required()
      ->allow_extra_args(false)  // what follows the folder may be a requirement
      ->type_name("DIR");
  app.add_option("--pyodide", pyodide, "Pyodide distribution: pyodide-lock.json beside its files")
      ->type_name("DIR");
  app.add_option("--data", data, "folder that remembers what is known about the wheels")->type_name("DIR");
  auto* const target_option =
      app.add_option("--target", target, "environment, see 'wheelbarrow targets'")->type_name("NAME");
  add_target_definitions(app, defined_targets);
  auto* const python_option = app.add_option("--python", python, "Python version of another environment")
                                  ->type_name("VERSION")
                                  ->excludes(target_option);
  app.add_option("--platform", platforms, "its platform tag, best first; may be repeated")
      ->type_name("TAG")
      ->allow_extra_args(false)
      ->needs(python_option);
  app.add_option("-r,--requirement", requirement_files, "requirements.txt to read; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("-c,--constraint", constraint_files,
                 "constraints file to read: bounds on what is chosen; may be repeated")
      ->allow_extra_args(false)
      ->type_name("FILE");
  app.add_option("requirements", requirements, "requirements, e.g. numpy 'lxml>=5'")
      ->type_name("REQUIREMENT");
}

Result<std::unique_ptr<wheelhouse::Wheelhouse>> Selection::open_wheelhouse() const {
  wheelhouse::WheelhouseOptions options;
  options.folders.assign(wheels.begin(), wheels.end());
  if (!pyodide.empty()) options.pyodide = pyodide;
  if (!data.empty()) {
    std::error_code error;
    std::filesystem::create_directories(data, error);
    if (error) return fail(ErrorKind::io, "can't make the folder: " + error.message(), data);
    options.database = std::filesystem::path(data) / "wheelhouse.sqlite";
  }
  return wheelhouse::Wheelhouse::open(std::move(options));
}

Result<packaging::Target> Selection::find_target(const wheelhouse::Catalog& catalog) const {
  if (!python.empty()) return packaging::Target::make("cpython-" + python, python, platforms);
  const auto defined = routes::define_targets(defined_targets);
  if (!defined) return std::unexpected(defined.error());
  if (!target.empty()) return routes::find_target(catalog, target, *defined);
  return routes::choose_default_target(catalog);
}

Result<packaging::RequirementSet> Selection::read_requirements() const {
  packaging::RequirementSet set;
  for (const std::string& text : requirements) {
    auto added = packaging::add_requirement_line(set, text);
    if (!added) return fail(added.error().kind, added.error().message, "requirement '" + text + "'");
  }
  const auto add_files = [&](const std::vector<std::string>& names, auto add) -> Result<void> {
    for (const std::string& name : names) {
      const auto file = read_file(name, {});
      if (!file) return std::unexpected(file.error());
      if (auto added = add(set, file->text, name, read_file); !added) return added;
    }
    return {};
  };
  if (auto added = add_files(requirement_files, packaging::add_requirements_file); !added)
    return std::unexpected(added.error());
  if (auto added = add_files(constraint_files, packaging::add_constraints_file); !added)
    return std::unexpected(added.error());
  if (set.requirements.empty()) return fail(ErrorKind::invalid_input, "no requirement was given");
  return set;
}

}  // namespace wheelbarrow::app
