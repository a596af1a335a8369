#include "routes/lock_json.hpp"

#include <boost/json.hpp>
#include <string>
#include <vector>

#include "http/url.hpp"

namespace wheelbarrow::routes {
namespace json = boost::json;
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
  answer["constraints"] = json::value_from(lock.constraints);
  answer["wheels"] = std::move(wheels);
  answer["warnings"] = json::value_from(lock.warnings);
  return answer;
}

}  // namespace wheelbarrow::routes
