#include "web/landing.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string_view>

#include "web/embedded.hpp"
#include "web/html.hpp"
#include "web/snippets.hpp"

namespace wheelbarrow::web {
namespace {

using Values = std::map<std::string_view, std::string, std::less<>>;

// Puts `values`, which are HTML already, in the places that the template marks with {{name}}.
std::string fill(std::string_view page, const Values& values) {
  std::string out;
  while (true) {
    const std::size_t open = page.find("{{");
    const std::size_t close = page.find("}}", open);
    if (open == std::string_view::npos || close == std::string_view::npos) {
      return out += page;
    }
    out += page.substr(0, open);
    const auto value = values.find(page.substr(open + 2, close - open - 2));
    out += value == values.end() ? std::string() : value->second;
    page.remove_prefix(close + 2);
  }
}

// An address in an attribute, or nothing for one that a browser might run.
std::string link(const std::string& href, std::string_view html) {
  if (!is_address(href)) {
    return std::string(html);
  }
  // Relative to the page, so that it holds below a reverse proxy's prefix.
  const std::string address = href.starts_with('/') ? "." + href : href;
  return "<a href=\"" + escape_html(address) + "\">" + std::string(html) + "</a>";
}

std::string wheel_row(const LandingView::Row& row) {
  std::string out = "<tr><th scope=\"row\">" + escape_html(row.name) + "</th><td>" +
                    escape_html(row.version) + "</td><td class=\"size\">" + human_size(row.size) +
                    "</td><td class=\"file\">" + link(row.href, escape_html(row.filename));
  if (!row.metadata_href.empty()) {
    out += " <span class=\"aside\">" + link(row.metadata_href, "metadata") + "</span>";
  }
  if (!row.tags.empty()) {
    out += "<br><span class=\"aside\">" + escape_html(row.tags) + "</span>";
  }
  if (row.yanked) {
    out += "<br><span class=\"warning\">yanked" +
           (row.yanked->empty() ? "" : ": " + escape_html(*row.yanked)) + "</span>";
  }
  for (const std::string& warning : row.warnings) {
    out += "<br><span class=\"warning\">" + escape_html(warning) + "</span>";
  }
  return out + "</td></tr>\n";
}

std::string refused_row(const LandingView::Refused& row) {
  return "<tr><th scope=\"row\" class=\"file\">" + escape_html(row.file) + "</th><td>" +
         escape_html(row.reason) + "</td></tr>\n";
}

template <class Row>
std::string rows(const std::vector<Row>& all, std::string (*render)(const Row&)) {
  std::string out;
  for (const Row& row : std::span(all).first(std::min(all.size(), landing_row_limit))) {
    out += render(row);
  }
  return out;
}

// "12 wheels", "1 wheel".
std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

std::string more(std::size_t count, std::string_view noun) {
  return count <= landing_row_limit
             ? std::string()
             : "<p class=\"more\">and " + counted(count - landing_row_limit, noun) + " more.</p>\n";
}

// A table with the columns of `head`, in a box of its own so that a wide one never widens the page.
std::string table(std::string_view kind, std::initializer_list<std::string_view> head,
                  std::string_view body) {
  std::string out = "<div class=\"scroll\"><table class=\"";
  out += kind;
  out += "\">\n<thead><tr>";
  for (const std::string_view column : head) {
    out += "<th scope=\"col\">";
    out += column;
    out += "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  out += body;
  return out += "</tbody>\n</table></div>\n";
}

std::string wheel_table(const LandingView& view) {
  if (view.wheels.empty()) {
    return "<p>The wheelhouse is empty. Put <code>.whl</code> files into one of its folders: they appear "
           "without a "
           "restart.</p>\n";
  }
  return table("wheels", {"Project", "Version", "Size", "Wheel"}, rows(view.wheels, wheel_row)) +
         more(view.wheels.size(), "wheel");
}

std::string refused_section(const LandingView& view) {
  if (view.refused.empty()) {
    return {};
  }
  return "<section id=\"refused\">\n<h2>" + counted(view.refused.size(), "file") +
         " refused</h2>\n<p>These can't be installed from. The other wheels are served as if they weren't "
         "there.</p>\n" +
         table("refused", {"File", "Reason"}, rows(view.refused, refused_row)) +
         more(view.refused.size(), "file") + "</section>\n";
}

std::string target_options(const LandingView& view, std::string_view selected) {
  std::string out;
  for (const std::string& target : view.targets) {
    const std::string name = escape_html(target);
    out += "<option value=\"" + name + "\"";
    out += target == selected ? " selected>" : ">";
    out += name + "</option>\n";
  }
  return out;
}

std::string strip_choices(const LandingView& view) {
  std::string out;
  for (const LandingView::Class& kind : view.strip_classes) {
    const std::string name = escape_html(kind.name);
    out += "<label><input type=\"checkbox\" name=\"strip\" value=\"" + name + "\"> ";
    out += name;
    out += ": " + escape_html(kind.leaves_out) + "</label>\n";
  }
  return out;
}

std::string snippet_list(const LandingView& view) {
  std::string out;
  for (const Snippet& snippet : snippets(view)) {
    out += "<h3>" + escape_html(snippet.title) + "</h3>\n<p>" + escape_html(snippet.explain) +
           "</p>\n<pre id=\"" + escape_html(snippet.id) + "\" tabindex=\"0\"><code>" +
           escape_html(snippet.code) + "</code></pre>\n";
  }
  return out;
}

std::string form_lines(const LandingView& view) {
  std::string out;
  for (const std::string& requirement : example_requirements(view)) {
    out += escape_html(requirement) + "\n";
  }
  return out;
}

}  // namespace

std::string render_landing(const LandingView& view) {
  const std::string runtime =
      view.pyodide_version.empty()
          ? std::string("No Pyodide runtime is served here.")
          : "A Pyodide runtime is served here: " + escape_html(view.pyodide_version) + ".";
  return fill(embedded_file("page.html").content,
              {
                  {"base_url", escape_html(view.base_url)},
                  {"bytecode", escape_html(view.bytecode)},
                  {"form_lines", form_lines(view)},
                  {"refused", refused_section(view)},
                  {"runtime", runtime},
                  {"snippets", snippet_list(view)},
                  {"strip_choices", strip_choices(view)},
                  {"target_options", target_options(view, view.default_target)},
                  {"version", escape_html(view.version)},
                  {"wheel_count", counted(view.wheels.size(), "wheel")},
                  {"wheels", wheel_table(view)},
              });
}

std::string render_compare(const LandingView& view) {
  return fill(embedded_file("compare/page.html").content, {
                                                              {"base_url", escape_html(view.base_url)},
                                                              {"form_lines", form_lines(view)},
                                                              {"target_options", target_options(view, {})},
                                                              {"version", escape_html(view.version)},
                                                          });
}

}  // namespace wheelbarrow::web
