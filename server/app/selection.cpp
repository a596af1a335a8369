#include "app/selection.hpp"

#include <fstream>
#include <iterator>
#include <utility>

#include "packaging/requirements_file.hpp"
#include "routes/targets.hpp"

namespace wheelbarrow::app {

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
  if (!target.empty()) return routes::find_target(catalog, target);
  return routes::choose_default_target(catalog);
}

Result<std::vector<packaging::Requirement>> Selection::read_requirements() const {
  std::vector<packaging::Requirement> all;
  for (const std::string& text : requirements) {
    auto requirement = packaging::Requirement::parse(text);
    if (!requirement) {
      return fail(ErrorKind::invalid_input, requirement.error().message, "requirement '" + text + "'");
    }
    all.push_back(std::move(*requirement));
  }
  for (const std::string& name : requirement_files) {
    std::ifstream file(name, std::ios::binary);
    if (!file) return fail(ErrorKind::invalid_input, "can't open the requirements file", name);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    auto requirements_in_file = packaging::parse_requirements_file(text, name);
    if (!requirements_in_file) return std::unexpected(requirements_in_file.error());
    std::ranges::move(*requirements_in_file, std::back_inserter(all));
  }
  if (all.empty()) return fail(ErrorKind::invalid_input, "no requirement was given");
  return all;
}

}  // namespace wheelbarrow::app
