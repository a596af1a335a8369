#include "app/reload.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace wheelbarrow::app {
namespace {

std::string joined(const std::vector<std::string>& names) {
  return CLI::detail::join(names, ",");
}

}  // namespace

Reload::Reload(Arguments words, const ServeConfiguration& in_use)
    : words_(std::move(words)), kind_(in_use.kind()), in_use_(texts_of(in_use)) {}

Reload::Texts Reload::texts_of(const ServeConfiguration& configuration) {
  Texts texts;
  for (Configuration::Value& value : configuration.configuration().values()) {
    texts[value.name] = std::move(value.texts);
  }
  return texts;
}

void Reload::add(std::vector<std::string> names, Apply apply) {
  groups_.push_back({std::move(names), std::move(apply)});
}

void Reload::run() {
  ServeConfiguration next(kind_);
  if (const auto read = next.read(words_); !read) {
    spdlog::warn("configuration not reloaded, the old one stays  reason={}", read.error().text());
    return;
  }
  Texts wanted = texts_of(next);
  std::vector<std::string> changed;
  const auto differs = [&](const std::string& name) { return wanted[name] != in_use_[name]; };
  for (const Group& group : groups_) {
    std::vector<std::string> names;
    std::ranges::copy_if(group.names, std::back_inserter(names), differs);
    if (names.empty()) continue;
    if (const auto applied = group.apply(next.options()); !applied) {
      spdlog::warn("option not reloaded, the old value stays  options={} reason={}", joined(names),
                   applied.error().text());
      for (const std::string& name : names) {
        wanted[name] = in_use_[name];
      }
      continue;
    }
    for (std::string& name : names) {
      in_use_[name] = wanted[name];
      changed.push_back(std::move(name));
    }
  }
  // What is left, on every reload until the restart.
  std::vector<std::string> waiting;
  for (const auto& [name, texts] : wanted) {
    if (differs(name)) waiting.push_back(name);
  }
  if (!waiting.empty()) spdlog::warn("changed, but needs a restart  options={}", joined(waiting));
  spdlog::info("reloaded  signal=SIGHUP changed={}", changed.empty() ? "nothing" : joined(changed));
}

}  // namespace wheelbarrow::app
