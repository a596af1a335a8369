#include "routes/lock_json.hpp"

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "http/url.hpp"

namespace wheelbarrow::routes {
namespace json = boost::json;
namespace {

json::array to_json(const std::vector<packaging::Version>& versions) {
  json::array array;
  for (const packaging::Version& version : versions) {
    array.emplace_back(version.str());
  }
  return array;
}

std::string_view name_of(resolver::Obstacle obstacle) {
  switch (obstacle) {
    case resolver::Obstacle::other_target:
      return "other_target";
    case resolver::Obstacle::other_python:
      return "other_python";
    case resolver::Obstacle::constraint:
      return "constraint";
    case resolver::Obstacle::hash:
      return "hash";
    case resolver::Obstacle::yanked:
      return "yanked";
    case resolver::Obstacle::prerelease:
      return "prerelease";
    case resolver::Obstacle::none:
      break;
  }
  return "none";
}

std::string_view name_of(resolver::Change::Kind kind) {
  switch (kind) {
    case resolver::Change::Kind::leave_out:
      return "leave_out";
    case resolver::Change::Kind::add:
      return "add";
    case resolver::Change::Kind::lift_constraint:
      return "lift_constraint";
    case resolver::Change::Kind::replace:
      break;
  }
  return "replace";
}

// Sets a member, unless its value says nothing.
void set(json::object& object, std::string_view name, json::value value) {
  const bool is_empty =
      (value.is_string() && value.as_string().empty()) || (value.is_array() && value.as_array().empty());
  if (!is_empty) object[name] = std::move(value);
}

json::object to_json(const resolver::DemandLink& link) {
  json::object object;
  object["requirement"] = link.requirement;
  set(object, "project", json::string(link.project));
  set(object, "versions", to_json(link.versions));
  return object;
}

json::object to_json(const resolver::Incompatibility& incompatibility) {
  json::object object;
  object["project"] = incompatibility.project;
  set(object, "chosen", to_json(incompatibility.chosen));
  json::array demands;
  for (const resolver::DemandChain& chain : incompatibility.demands) {
    json::array links;
    for (const resolver::DemandLink& link : chain) {
      links.push_back(to_json(link));
    }
    demands.push_back(std::move(links));
  }
  object["demands"] = std::move(demands);
  return object;
}

json::object to_json(const resolver::Holding& holding) {
  json::object object;
  object["project"] = holding.project;
  json::array wheels;
  for (const resolver::HeldWheel& held : holding.wheels) {
    json::object wheel;
    wheel["file"] = held.filename;
    wheel["version"] = held.version.str();
    if (held.obstacle != resolver::Obstacle::none) wheel["obstacle"] = name_of(held.obstacle);
    set(wheel, "detail", json::string(held.detail));
    set(wheel, "targets", json::value_from(held.targets));
    wheels.push_back(std::move(wheel));
  }
  object["wheels"] = std::move(wheels);
  set(object, "similar_names", json::value_from(holding.similar_names));
  if (!holding.has_hashes) object["has_hashes"] = false;
  return object;
}

json::array to_json(const resolver::Remedy& remedy) {
  json::array changes;
  for (const resolver::Change& change : remedy) {
    json::object object;
    object["change"] = name_of(change.kind);
    set(object, "from", json::string(change.from));
    set(object, "to", json::string(change.to));
    changes.push_back(std::move(object));
  }
  return changes;
}

template <class T>
json::array list(const std::vector<T>& items) {
  json::array array;
  for (const T& item : items) {
    array.push_back(to_json(item));
  }
  return array;
}

}  // namespace

json::object to_json(const resolver::Lock& lock, std::string_view base_url) {
  json::array wheels;
  for (const resolver::LockedWheel& locked : lock.wheels) {
    const wheelhouse::Wheel& wheel = *locked.wheel;
    json::object object;
    object["name"] = wheel.name();
    object["version"] = wheel.version().str();
    object["file"] = wheel.filename;
    if (!base_url.empty()) {
      object["url"] = std::string(base_url) + "/wheels/" + wheel.sha256.hex() + '/' +
                      http::percent_encode(wheel.filename);
    }
    object["sha256"] = wheel.sha256.hex();
    object["size"] = wheel.size;
    object["extras"] = json::value_from(locked.extras);
    object["depends"] = json::value_from(locked.depends);
    wheels.push_back(std::move(object));
  }
  json::object answer;
  answer["target"] = lock.target;
  answer["requirements"] = json::value_from(lock.requirements);
  set(answer, "constraints", json::value_from(lock.constraints));
  answer["wheels"] = std::move(wheels);
  set(answer, "warnings", json::value_from(lock.warnings));
  return answer;
}

json::object to_json(const resolver::Derivation& derivation) {
  json::object object;
  object["target"] = derivation.target;
  object["python"] = derivation.python;
  set(object, "asked", json::value_from(derivation.asked));
  set(object, "constraints", json::value_from(derivation.constraints));
  set(object, "incompatibilities", list(derivation.incompatibilities));
  set(object, "holdings", list(derivation.holdings));
  set(object, "remedies", list(derivation.remedies));
  set(object, "stuck_on", json::value_from(derivation.stuck_on));
  return object;
}

}  // namespace wheelbarrow::routes
