#include "app/access_line.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>

#include "app/log.hpp"

namespace wheelbarrow::app {
namespace {

using std::chrono::duration_cast;

// The first field of that name.
std::string_view field_of(const http::Fields& fields, std::string_view wanted) {
  for (const auto [name, value] : fields) {
    if (name == wanted) return value;
  }
  return {};
}

std::string_view protocol_of(const http::Request& request) {
  return request.protocol == http::Protocol::http2 ? "HTTP/2.0" : "HTTP/1.1";
}

// "192.0.2.1:49152", "[2001:db8::1]:49152" without the port and the brackets; other names as they are.
std::string_view host_of(std::string_view peer) {
  if (peer.starts_with('[')) return peer.substr(1, peer.find(']') - 1);
  const std::size_t colon = peer.find(':');
  return colon == peer.rfind(':') ? peer.substr(0, colon) : peer;
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

// Microseconds as seconds: 0.001234.
void append_seconds(std::string& out, std::chrono::steady_clock::duration duration) {
  const auto micros = static_cast<std::uint64_t>(duration_cast<std::chrono::microseconds>(duration).count());
  append_number(out, micros / 1'000'000);
  out.push_back('.');
  const std::size_t at = out.size();
  append_number(out, micros % 1'000'000 + 1'000'000);  // its first digit gives way
  out.erase(at, 1);
}

void append_escaped(std::string& out, std::string_view text) {
  static constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code >= 0x20 && code < 0x7f && c != '"' && c != '\\') {
      out.push_back(c);
    } else {
      out.append({'\\', 'x', digits[code >> 4], digits[code & 15]});
    }
  }
}

const char* color_of(unsigned status) {
  if (status >= 500) return "\033[31m";  // red
  if (status >= 400) return "\033[33m";  // yellow
  if (status == 304) return "\033[2m";   // dim
  return "\033[32m";                     // green
}

// "  523 kB"
void append_size(std::string& out, std::uint64_t bytes) {
  std::string_view unit = " B";
  if (bytes >= 10'000'000) {
    bytes /= 1'000'000;
    unit = " MB";
  } else if (bytes >= 10'000) {
    bytes /= 1000;
    unit = " kB";
  }
  out.append("  ");
  append_number(out, bytes);
  out.append(unit);
}

void append_or_dash(std::string& out, std::string_view text) {
  if (text.empty()) {
    out.push_back('-');
  } else {
    append_escaped(out, text);
  }
}

}  // namespace

unsigned logged_status(const http::Exchange& exchange) {
  constexpr unsigned client_left = 499;
  return exchange.response != nullptr ? exchange.response->status : client_left;
}

std::string_view logged_coding(const http::Exchange& exchange) {
  const std::string_view coding = exchange.response != nullptr
                                      ? field_of(exchange.response->fields, "content-encoding")
                                      : std::string_view();
  return coding.empty() ? "identity" : coding;
}

std::string_view AccessLine::format(const http::Exchange& exchange, Form form) {
  line_.clear();
  if (form == Form::json) {
    append_json_object(exchange);
  } else if (form == Form::brief || form == Form::brief_colored) {
    append_brief(exchange, form == Form::brief_colored);
  } else {
    append_classic(exchange, form == Form::combined);
  }
  line_.push_back('\n');
  return line_;
}

void AccessLine::set_second(std::time_t second) {
  if (second == second_) return;
  second_ = second;
  std::tm parts{};
  ::gmtime_r(&second, &parts);
  std::array<char, 32> text;
  // The program never sets a locale, so the month is English.
  classic_time_.assign(text.data(),
                       std::strftime(text.data(), text.size(), "%d/%b/%Y:%H:%M:%S +0000", &parts));
  json_time_.assign(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts));
}

void AccessLine::append_request_target(const http::Request& request) {
  if (request.method.empty()) {
    line_.push_back('-');  // what came was no request
    return;
  }
  append_escaped(line_, request.method);
  line_.push_back(' ');
  append_escaped(line_, request.path);
  if (!request.query.empty()) {
    line_.push_back('?');
    append_escaped(line_, request.query);
  }
}

void AccessLine::append_brief(const http::Exchange& exchange, bool colored) {
  const unsigned status = logged_status(exchange);
  if (colored) line_.append(color_of(status));
  append_number(line_, status);
  if (colored) line_.append("\033[0m");
  line_.push_back(' ');
  append_request_target(exchange.request);
  if (exchange.sent > 0) append_size(line_, exchange.sent);
}

void AccessLine::append_classic(const http::Exchange& exchange, bool combined) {
  const http::Request& request = exchange.request;
  set_second(std::time(nullptr));
  append_or_dash(line_, host_of(request.peer));
  line_.append(" - - [").append(classic_time_).append("] \"");
  append_request_target(request);
  if (!request.method.empty()) line_.append(" ").append(protocol_of(request));
  line_.append("\" ");
  append_number(line_, logged_status(exchange));
  line_.push_back(' ');
  append_number(line_, exchange.sent);
  if (!combined) return;
  line_.append(" \"");
  append_or_dash(line_, field_of(request.fields, "referer"));
  line_.append("\" \"");
  append_or_dash(line_, field_of(request.fields, "user-agent"));
  line_.push_back('"');
}

void AccessLine::append_member(std::string_view name, std::string_view value) {
  if (value.empty()) return;
  line_.append(",\"").append(name).append("\":");
  append_json(line_, value);
}

void AccessLine::append_json_object(const http::Exchange& exchange) {
  const http::Request& request = exchange.request;
  const auto now = std::chrono::system_clock::now();
  set_second(std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(now)));
  const auto millis = duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
  line_.append("{\"time\":\"").append(json_time_).push_back('.');
  const std::size_t at = line_.size();
  append_number(line_, static_cast<std::uint64_t>(millis) + 1000);
  line_.erase(at, 1);
  line_.append("Z\"");
  append_member("peer", request.peer);
  append_member("method", request.method);
  if (!request.path.empty()) {
    line_.append(",\"target\":");
    append_json(line_, request.path);
    if (!request.query.empty()) {
      line_.back() = '?';
      const std::size_t quote = line_.size();
      append_json(line_, request.query);
      line_.erase(quote, 1);
    }
  }
  append_member("protocol", protocol_of(request));
  append_member("authority", request.authority);
  line_.append(",\"status\":");
  append_number(line_, logged_status(exchange));
  line_.append(",\"bytes\":");
  append_number(line_, exchange.sent);
  line_.append(",\"seconds\":");
  append_seconds(line_, exchange.duration);
  line_.append(",\"answer_seconds\":");
  append_seconds(line_, exchange.until_answer);
  append_member("coding", logged_coding(exchange));
  append_member("referer", field_of(request.fields, "referer"));
  append_member("user_agent", field_of(request.fields, "user-agent"));
  append_member("request_id", request.id);
  append_member("traceparent", field_of(request.fields, "traceparent"));
  line_.push_back('}');
}

}  // namespace wheelbarrow::app
