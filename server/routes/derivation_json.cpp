#include "routes/derivation_json.hpp"

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace wheelbarrow::routes {
namespace json = boost::json;
namespace {

using resolver::Change;
using resolver::Obstacle;

json::value name_of(Obstacle obstacle) {
  switch (obstacle) {
    case Obstacle::other_target:
      return "other-target";
    case Obstacle::other_python:
      return "other-python";
    case Obstacle::constraint:
      return "constraint";
    case Obstacle::hash:
      return "hash";
    case Obstacle::yanked:
      return "yanked";
    case Obstacle::prerelease:
      return "prerelease";
    case Obstacle::none:
      break;
  }
  return nullptr;
}

std::string_view name_of(Change::Kind kind) {
  switch (kind) {
    case Change::Kind::replace:
      return "replace";
    case Change::Kind::leave_out:
      return "leave-out";
    case Change::Kind::add:
      return "add";
    case Change::Kind::lift_constraint:
      break;
  }
  return "lift-constraint";
}

template <class Item, class Convert>
json::array array_of(const std::vector<Item>& items, Convert convert) {
  json::array array;
  for (const Item& item : items) array.push_back(convert(item));
  return array;
}

json::array versions_of(const std::vector<packaging::Version>& versions) {
  return array_of(versions, [](const packaging::Version& version) { return json::string(version.str()); });
}

void set_if_any(json::object& object, std::string_view key, const std::string& text) {
  if (!text.empty()) object[key] = text;
}

json::object link_json(const resolver::DemandLink& link) {
  json::object object;
  object["requirement"] = link.requirement;
  set_if_any(object, "project", link.project);
  if (!link.versions.empty()) object["versions"] = versions_of(link.versions);
  return object;
}

json::object incompatibility_json(const resolver::Incompatibility& one) {
  json::object object;
  object["project"] = one.project;
  object["chosen"] = versions_of(one.chosen);
  object["demands"] =
      array_of(one.demands, [](const resolver::DemandChain& chain) { return array_of(chain, link_json); });
  return object;
}

json::object wheel_json(const resolver::HeldWheel& wheel) {
  json::object object;
  object["file"] = wheel.filename;
  object["version"] = wheel.version.str();
  object["obstacle"] = name_of(wheel.obstacle);
  set_if_any(object, "detail", wheel.detail);
  if (!wheel.targets.empty()) object["targets"] = json::value_from(wheel.targets);
  return object;
}

json::object holding_json(const resolver::Holding& holding) {
  json::object object;
  object["project"] = holding.project;
  object["wheels"] = array_of(holding.wheels, wheel_json);
  object["similar_names"] = json::value_from(holding.similar_names);
  object["has_hashes"] = holding.has_hashes;
  return object;
}

json::object change_json(const Change& change) {
  json::object object;
  object["change"] = name_of(change.kind);
  set_if_any(object, "from", change.from);
  set_if_any(object, "to", change.to);
  return object;
}

}  // namespace

json::object to_json(const resolver::Derivation& derivation) {
  json::object object;
  object["target"] = derivation.target;
  object["python"] = derivation.python;
  object["asked"] = json::value_from(derivation.asked);
  object["constraints"] = json::value_from(derivation.constraints);
  object["incompatibilities"] = array_of(derivation.incompatibilities, incompatibility_json);
  object["wheelhouse"] = array_of(derivation.holdings, holding_json);
  object["remedies"] = array_of(derivation.remedies,
                                [](const resolver::Remedy& remedy) { return array_of(remedy, change_json); });
  object["stuck_on"] = json::value_from(derivation.stuck_on);
  return object;
}

}  // namespace wheelbarrow::routes
