#include "routes/index_page.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <optional>
#include <utility>

#include "http/url.hpp"
#include "web/html.hpp"

namespace wheelbarrow::routes {
namespace {

namespace json = boost::json;
using wheelhouse::Wheel;
using wheelhouse::WheelPtr;

constexpr std::string_view api_version = "1.1";

bool is_listed(const Wheel& wheel, const packaging::Target* target) {
  if (wheel.kind != wheelhouse::WheelKind::wheel) return false;
  return target == nullptr ||
         (target->rank(wheel.parsed.tags) && target->satisfies(wheel.metadata.requires_python));
}

std::string wheel_path(const Wheel& wheel) {
  return "/wheels/" + wheel.sha256.hex() + '/' + http::percent_encode(wheel.filename);
}

std::string metadata_hash(const Wheel& wheel) {
  return sha256(wheel.metadata_text).hex();
}

// PEP 700: "yyyy-mm-ddThh:mm:ss.ffffffZ"; nothing for a year that has no four digits.
std::optional<std::string> upload_time(std::time_t time) {
  constexpr std::time_t year_0 = -62'167'219'200;
  constexpr std::time_t year_10000 = 253'402'300'800;
  if (time < year_0 || time >= year_10000) return std::nullopt;
  const std::chrono::sys_seconds instant{std::chrono::seconds(time)};
  const auto midnight = std::chrono::floor<std::chrono::days>(instant);
  const std::chrono::year_month_day date(midnight);
  const std::chrono::hh_mm_ss clock(instant - midnight);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.000000Z", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

// `body` is HTML.
std::string page(std::string_view title, std::string_view body) {
  const std::string escaped = web::escape_html(title);
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"pypi:repository-version\" content=\"";
  out.append(api_version).append("\">\n<title>").append(escaped).append("</title>\n</head>\n<body>\n<h1>");
  return out.append(escaped).append("</h1>\n").append(body).append("</body>\n</html>\n");
}

std::string attribute(std::string_view name, std::string_view value) {
  return ' ' + std::string(name) + "=\"" + web::escape_html(value) + '"';
}

std::string file_anchor(const Wheel& wheel) {
  std::string out = "<a" + attribute("href", "../.." + wheel_path(wheel) + "#sha256=" + wheel.sha256.hex());
  if (const std::string python = wheel.metadata.requires_python.str(); !python.empty()) {
    out += attribute("data-requires-python", python);
  }
  // PEP 714's name, and PEP 658's for older clients.
  for (const char* name : {"data-core-metadata", "data-dist-info-metadata"}) {
    out += attribute(name, "sha256=" + metadata_hash(wheel));
  }
  if (wheel.yanked) out += attribute("data-yanked", *wheel.yanked);
  return out + '>' + web::escape_html(wheel.filename) + "</a><br>\n";
}

json::object file_object(const Wheel& wheel, std::string_view base_url) {
  json::object file;
  file["filename"] = wheel.filename;
  file["url"] = std::string(base_url) + wheel_path(wheel);
  file["hashes"] = {{"sha256", wheel.sha256.hex()}};
  if (const std::string python = wheel.metadata.requires_python.str(); !python.empty()) {
    file["requires-python"] = python;
  }
  file["size"] = wheel.size;
  if (const auto time = upload_time(wheel.modified)) file["upload-time"] = *time;
  // Under PEP 658's name too, pip 22.3 to 23.1 would fail on it (PEP 714).
  file["core-metadata"] = {{"sha256", metadata_hash(wheel)}};
  if (!wheel.yanked) {
    file["yanked"] = false;
  } else if (wheel.yanked->empty()) {
    file["yanked"] = true;
  } else {
    file["yanked"] = *wheel.yanked;
  }
  return file;
}

}  // namespace

std::vector<std::string_view> index_projects(const wheelhouse::Catalog& catalog,
                                             const packaging::Target* target) {
  std::vector<std::string_view> projects;
  for (const WheelPtr& wheel : catalog.wheels()) {
    if (is_listed(*wheel, target) && (projects.empty() || projects.back() != wheel->name())) {
      projects.push_back(wheel->name());
    }
  }
  return projects;
}

std::vector<WheelPtr> index_files(const wheelhouse::Catalog& catalog, std::string_view project,
                                  const packaging::Target* target) {
  std::vector<WheelPtr> files;
  std::ranges::copy_if(catalog.project(project), std::back_inserter(files),
                       [&](const WheelPtr& wheel) { return is_listed(*wheel, target); });
  // The catalog's order has high versions first, and the files of one version sorted already.
  std::ranges::stable_sort(files,
                           [](const WheelPtr& a, const WheelPtr& b) { return a->version() < b->version(); });
  return files;
}

std::string projects_html(std::span<const std::string_view> projects, std::string_view query) {
  std::string body;
  for (const std::string_view project : projects) {
    body += "<a" + attribute("href", std::string(project) + '/' + std::string(query)) + '>' +
            web::escape_html(project) + "</a><br>\n";
  }
  return page("Simple index", body);
}

std::string projects_json(std::span<const std::string_view> projects) {
  json::array list;
  for (const std::string_view project : projects) {
    list.push_back(json::object{{"name", project}});
  }
  return json::serialize(
      json::object{{"meta", {{"api-version", api_version}}}, {"projects", std::move(list)}});
}

std::string project_html(std::string_view project, std::span<const WheelPtr> files) {
  std::string body;
  for (const WheelPtr& wheel : files) {
    body += file_anchor(*wheel);
  }
  return page("Links for " + std::string(project), body);
}

std::string project_json(std::string_view project, std::span<const WheelPtr> files,
                         std::string_view base_url) {
  json::array versions;
  json::array list;
  const packaging::Version* last = nullptr;
  for (const WheelPtr& wheel : files) {
    // "1.0" and "1.0.0" are one version; a client compares them parsed.
    if (last == nullptr || *last != wheel->version()) versions.emplace_back(wheel->version().str());
    last = &wheel->version();
    list.push_back(file_object(*wheel, base_url));
  }
  return json::serialize(json::object{{"meta", {{"api-version", api_version}}},
                                      {"name", project},
                                      {"versions", std::move(versions)},
                                      {"files", std::move(list)}});
}

}  // namespace wheelbarrow::routes
