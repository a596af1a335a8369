// The documents of a package index as text (the "Simple repository API" of PyPA's specifications: PEP 503,
// 592, 629, 658, 691, 700 and 714, API version 1.1). Pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "packaging/target.hpp"
#include "wheelhouse/catalog.hpp"

namespace wheelbarrow::routes {

// The projects that have a wheel to list (canonical names, sorted). With a `target` only wheels count that it
// takes: those with a tag that it supports and a Requires-Python that admits it. Archives that are no wheels
// never count.
std::vector<std::string_view> index_projects(const wheelhouse::Catalog& catalog,
                                             const packaging::Target* target);

// The wheels of one project that are listed, in the order in which PyPI lists them and pip looks at them:
// versions from low to high, of one version by file name.
std::vector<wheelhouse::WheelPtr> index_files(const wheelhouse::Catalog& catalog, std::string_view project,
                                              const packaging::Target* target);

// The list of projects. The links of the HTML form are relative to /simple/ and end in `query`, which begins
// with '?' or is empty.
std::string projects_html(std::span<const std::string_view> projects, std::string_view query);
std::string projects_json(std::span<const std::string_view> projects);

// The files of a project. The links of the HTML form are relative to /simple/<project>/; those of the JSON
// form begin with `base_url`, which has no slash at its end: micropip takes absolute URLs only.
std::string project_html(std::string_view project, std::span<const wheelhouse::WheelPtr> files);
std::string project_json(std::string_view project, std::span<const wheelhouse::WheelPtr> files,
                         std::string_view base_url);

}  // namespace wheelbarrow::routes
