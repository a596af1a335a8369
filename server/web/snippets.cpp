#include "web/snippets.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "web/html.hpp"

namespace wheelbarrow::web {
namespace {

// PEP 508's identifier. Only such names go into code, where nothing else about them can be known.
bool is_project_name(std::string_view name) {
  constexpr std::string_view alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  const auto inner = [&](char c) {
    return alphanumeric.find(c) != std::string_view::npos || c == '-' || c == '_' || c == '.';
  };
  return !name.empty() && alphanumeric.find(name.front()) != std::string_view::npos &&
         alphanumeric.find(name.back()) != std::string_view::npos && std::ranges::all_of(name, inner);
}

std::string joined(const std::vector<std::string>& parts, std::string_view before, std::string_view after,
                   std::string_view between) {
  std::string out;
  for (const std::string& part : parts) {
    out += out.empty() ? "" : between;
    out += before;
    out += part;
    out += after;
  }
  return out;
}

// The first wheel that a snippet can name by its URL.
const LandingView::Row* first_wheel(const LandingView& view, const std::vector<std::string>& requirements) {
  const auto wanted = [&](const LandingView::Row& row) {
    return is_address(row.href) && std::ranges::find(requirements, row.name) != requirements.end();
  };
  const auto found = std::ranges::find_if(view.wheels, wanted);
  return found == view.wheels.end() ? nullptr : &*found;
}

std::string absolute(const std::string& base_url, std::string_view href) {
  if (href.starts_with("http://") || href.starts_with("https://")) {
    return std::string(href);
  }
  return base_url + std::string(href.substr(href.starts_with('/') ? 1 : 0));
}

}  // namespace

std::vector<std::string> example_requirements(const LandingView& view) {
  constexpr std::size_t enough = 2;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (names.size() < enough && is_project_name(name) && std::ranges::find(names, name) == names.end()) {
      names.push_back(name);
    }
  };
  std::ranges::for_each(view.examples, add);
  if (names.empty()) {
    for (const LandingView::Row& row : view.wheels) {
      add(row.name);
    }
  }
  if (names.empty()) {
    names.emplace_back("numpy");
  }
  return names;
}

std::vector<Snippet> snippets(const LandingView& view) {
  const std::string& base = view.base_url;
  const std::vector<std::string> requirements = example_requirements(view);
  const std::string environment = base + "env/" + joined(requirements, "", "", ",") + "/";
  const std::string bundle =
      base + "bundle?" + joined(requirements, "r=", "", "&") +
      (view.default_target.empty() ? "" : "&target=" + percent_encode(view.default_target));

  std::vector<Snippet> out;
  out.push_back(
      {"loader", "Pyodide, with the loader",
       "Streams one bundle into a running Pyodide, checks it, and compiles large extension modules while the "
       "rest downloads.",
       "import { install } from \"" + base + "client/wheelbarrow.mjs\";\n\nawait install(pyodide, [" +
           joined(requirements, "\"", "\"", ", ") + "]);"});
  if (!view.pyodide_version.empty()) {
    out.push_back(
        {"env", "Pyodide, nothing added",
         "A virtual Pyodide folder for one requirement set: the runtime, and the bundle as one package.",
         "import { loadPyodide } from \"" + environment +
             "pyodide.mjs\";\n\nconst pyodide = await loadPyodide({ packages: [\"bundle\"] });"});
    out.push_back({"stlite", "stlite", "The same folder, named by stlite's own options.",
                   "mount({\n  pyodideUrl: \"" + environment +
                       "pyodide.mjs\",\n  prebuiltPackageNames: [\"bundle\"],\n  entrypoint: \"app.py\",\n"
                       "  files: { \"app.py\": code },\n}, document.getElementById(\"root\"));"});
  }
  if (const LandingView::Row* wheel = first_wheel(view, requirements)) {
    out.push_back({"micropip", "micropip", "Single wheels have URLs of their own.",
                   "import micropip\n\nawait micropip.install(\"" + absolute(base, wheel->href) + "\")"});
  }
  out.push_back({"curl", "curl and tar",
                 "A bundle is a tar file; unpacking it is all that an installer does.",
                 "curl -f --compressed '" + bundle + "' | tar -x -C site-packages"});
  return out;
}

}  // namespace wheelbarrow::web
