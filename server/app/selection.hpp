// What `resolve` and `bundle` have in common: where the wheels are, which environment, which requirements.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "packaging/requirement_set.hpp"
#include "packaging/target.hpp"
#include "wheelhouse/wheelhouse.hpp"

namespace wheelbarrow::app {

// "--define-target" of the commands that know environments by name.
void add_target_definitions(CLI::App& app, std::vector<std::string>& definitions);

struct Selection {
  std::vector<std::string> wheels;
  std::string pyodide;
  std::string data;
  std::string target;
  std::vector<std::string> defined_targets;
  std::string python;
  std::vector<std::string> platforms;
  std::vector<std::string> requirement_files;
  std::vector<std::string> constraint_files;
  std::vector<std::string> requirements;

  void add_options(CLI::App& app);

  Result<std::unique_ptr<wheelhouse::Wheelhouse>> open_wheelhouse() const;
  Result<packaging::Target> find_target(const wheelhouse::Catalog& catalog) const;
  Result<packaging::RequirementSet> read_requirements() const;
};

}  // namespace wheelbarrow::app
