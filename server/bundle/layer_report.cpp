#include "bundle/layer_report.hpp"

#include <boost/json.hpp>
#include <utility>

#include "bundle/report_json.hpp"
#include "bundle/tar.hpp"

namespace wheelbarrow::bundle {
namespace json = boost::json;

json::object to_json(const LayerReport& report) {
  json::object left_out;
  for (const auto& [kind, count] : report.left_out) {
    json::object object;
    object["files"] = count.files;
    object["bytes"] = count.bytes;
    left_out[name_of(kind)] = std::move(object);
  }
  json::object object;
  if (!left_out.empty()) object["left_out"] = std::move(left_out);
  if (!report.not_compiled.empty()) object["not_compiled"] = json::value_from(report.not_compiled);
  return object;
}

LayerReport to_layer_report(const json::object& object) {
  LayerReport report;
  if (const auto* const left_out = object.if_contains("left_out")) {
    for (std::size_t i = 0; i < strip_classes().size(); ++i) {
      const auto* const count = left_out->as_object().if_contains(strip_classes()[i].name);
      if (count == nullptr) continue;
      report.left_out[static_cast<StripClass>(i)] = {
          count->as_object().at("files").to_number<std::uint64_t>(),
          count->as_object().at("bytes").to_number<std::uint64_t>()};
    }
  }
  if (const auto* const modules = object.if_contains("not_compiled")) {
    for (const auto& [path, reason] : modules->as_object()) {
      report.not_compiled.emplace(path, reason.as_string());
    }
  }
  return report;
}

std::string to_text(const LayerReport& report) {
  return json::serialize(to_json(report)) + '\n';
}

Result<LayerReport> read_layer_report(std::string_view layer) {
  const auto file = take_tar_file(layer);
  if (!file) return fail(ErrorKind::corrupt, "a layer's report is cut short");
  try {
    return to_layer_report(json::parse(file->content).as_object());
  } catch (const std::exception& error) {  // Boost.JSON throws on a missing key or a value of another type
    return fail(ErrorKind::corrupt, std::string("a layer's report can't be read: ") + error.what());
  }
}

}  // namespace wheelbarrow::bundle
