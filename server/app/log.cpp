#include "app/log.hpp"

#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace wheelbarrow::app {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || c == '-';
}

// Where the next " name=" begins, at or after `from`; npos if there is none.
std::size_t next_field(std::string_view text, std::size_t from) {
  for (std::size_t at = text.find(' ', from); at != text.npos; at = text.find(' ', at + 1)) {
    std::size_t end = at + 1;
    while (end < text.size() && is_name_character(text[end])) {
      ++end;
    }
    if (end > at + 1 && end < text.size() && text[end] == '=') return at;
  }
  return text.npos;
}

// What is logged may come from strangers; a line break in it must not make a line of its own.
class OneLine final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg& message, const std::tm& /*time*/,
              spdlog::memory_buf_t& out) override {
    for (const char c : message.payload) {
      const auto code = static_cast<unsigned char>(c);
      if (code >= 0x20 && code != 0x7f) {
        out.push_back(c);
      } else {
        for (const char escaped : {'\\', 'x', hex_digits[code >> 4], hex_digits[code & 15]}) {
          out.push_back(escaped);
        }
      }
    }
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<OneLine>(); }
};

std::unique_ptr<spdlog::formatter> text_formatter() {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<OneLine>('*').set_pattern("[%Y-%m-%d %H:%M:%S.%e] [%n] [%^%l%$] %*");
  return formatter;
}

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    spdlog::memory_buf_t time;
    time_.format(message, time);
    std::string line = "{\"time\":\"";
    line.append(time.data(), time.size()).append("\",\"level\":\"");
    const auto level = spdlog::level::to_string_view(message.level);
    line.append(level.data(), level.size()).append("\",");
    line.append(json_members({message.payload.data(), message.payload.size()})).append("}\n");
    out.append(line.data(), line.data() + line.size());
  }
  std::unique_ptr<spdlog::formatter> clone() const override { return std::make_unique<JsonFormatter>(); }

 private:
  spdlog::pattern_formatter time_{"%Y-%m-%dT%H:%M:%S.%eZ", spdlog::pattern_time_type::utc, ""};
};

}  // namespace

void LogOptions::add_options(CLI::App& app) {
  app.add_option("--log-level", level, "what to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
      ->type_name("debug|info|warn|error|off")
      ->envname("WHEELBARROW_LOG_LEVEL")
      ->capture_default_str();
  app.add_option("--log-format", format,
                 "of the log on standard error: auto is text on a terminal, else JSON lines")
      ->check(CLI::IsMember({"auto", "text", "json"}))
      ->type_name("auto|text|json")
      ->envname("WHEELBARROW_LOG_FORMAT")
      ->capture_default_str();
}

void set_log(const LogOptions& options) {
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("wheelbarrow");
    made->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(made);
    return made;
  }();
  const bool is_text = options.format == "text" || (options.format == "auto" && ::isatty(STDERR_FILENO) == 1);
  logger->set_formatter(is_text ? text_formatter() : std::make_unique<JsonFormatter>());
  logger->set_level(spdlog::level::from_str(options.level));
}

void append_json(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (code < 0x20 || code >= 0x7f) {
      out.append("\\u00").append({hex_digits[code >> 4], hex_digits[code & 15]});
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string json_members(std::string_view event) {
  std::vector<std::pair<std::string_view, std::string_view>> members;
  std::size_t begin = next_field(event, 0);
  std::string_view what = event.substr(0, begin);
  what.remove_suffix(what.size() - std::min(what.find_last_not_of(' ') + 1, what.size()));
  members.emplace_back("event", what);
  // These stand beside the members.
  std::vector<std::string_view> taken{"event", "time", "level"};
  while (begin != event.npos) {
    const std::size_t equals = event.find('=', begin);
    const std::string_view name = event.substr(begin + 1, equals - begin - 1);
    const std::size_t end = next_field(event, equals);
    if (std::ranges::find(taken, name) == taken.end()) {
      taken.push_back(name);
      members.emplace_back(name, event.substr(equals + 1, end - equals - 1));
    } else {
      std::string_view& last = members.back().second;
      last = {last.data(),
              static_cast<std::size_t>(event.data() + std::min(end, event.size()) - last.data())};
    }
    begin = end;
  }
  std::string json;
  for (const auto& [name, value] : members) {
    if (!json.empty()) json.push_back(',');
    append_json(json, name);
    json.push_back(':');
    append_json(json, value);
  }
  return json;
}

}  // namespace wheelbarrow::app
