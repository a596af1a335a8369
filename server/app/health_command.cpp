#include <algorithm>
#include <boost/asio/buffers_iterator.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "app/parse.hpp"

namespace wheelbarrow::app {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;

constexpr std::string_view question = "GET /readyz HTTP/1.0\r\nHost: localhost\r\n\r\n";
constexpr std::size_t longest_answer = 16384;  // bytes
constexpr std::string_view unix_scheme = "unix:";

// An address that --admin takes, as one that can be connected to: of all addresses, the loopback one.
Result<asio::generic::stream_protocol::endpoint> endpoint_of(const std::string& address) {
  if (address.starts_with(unix_scheme)) {
    const std::string path = address.substr(unix_scheme.size());
    if (path.empty() || path.size() > 107) {
      return fail(ErrorKind::invalid_input, "the path of a Unix domain socket has 1 to 107 bytes", address);
    }
    return asio::local::stream_protocol::endpoint(path);
  }
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorKind::invalid_input, "an address is ADDRESS:PORT, for example 127.0.0.1:9090", address);
  }
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty() || host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  asio::io_context context;
  error_code error;
  const auto found = asio::ip::tcp::resolver(context).resolve(host, address.substr(colon + 1), error);
  if (error) return fail(ErrorKind::invalid_input, "there is no such address: " + error.message(), address);
  return found.begin()->endpoint();
}

// The whole answer, status line first.
Result<std::string> ask(const std::string& address, std::chrono::seconds patience) {
  const auto endpoint = endpoint_of(address);
  if (!endpoint) return std::unexpected(endpoint.error());
  asio::io_context context;
  Socket socket(context);
  asio::streambuf answer(longest_answer);
  error_code failure = asio::error::timed_out;
  const auto received = [&](const error_code& error, std::size_t) {
    failure = error == asio::error::eof ? error_code() : error;
    context.stop();
  };
  const auto sent = [&](const error_code& error, std::size_t size) {
    if (error) return received(error, size);
    asio::async_read(socket, answer, received);
  };
  socket.async_connect(*endpoint, [&](const error_code& error) {
    if (error) return received(error, 0);
    asio::async_write(socket, asio::buffer(question), sent);
  });
  context.run_for(patience);
  if (failure) return fail(ErrorKind::io, "no answer: " + failure.message(), address);
  const auto data = answer.data();
  return std::string(asio::buffers_begin(data), asio::buffers_end(data));
}

// What a problem (RFC 9457) says, or else the status line.
std::string reason_in(const std::string& answer) {
  const std::size_t body = std::min(answer.find("\r\n\r\n"), answer.size());
  boost::system::error_code error;
  const auto problem = boost::json::parse(answer.substr(body), error);
  if (!error && problem.is_object()) {
    if (const auto* const detail = problem.as_object().if_contains("detail"); detail && detail->is_string())
      return std::string(detail->as_string());
  }
  return answer.substr(0, answer.find('\r'));
}

}  // namespace

int health_command(const Arguments& arguments) {
  CLI::App app("Ask the admin listener of a running server whether it is ready; exit code 1 if it isn't",
               "wheelbarrow health");
  std::string admin = "127.0.0.1:9090";
  unsigned patience = 5;
  app.add_option("--admin", admin, "the address that the server was given as --admin")
      ->type_name("ADDR:PORT|unix:PATH")
      ->envname("WHEELBARROW_ADMIN")
      ->capture_default_str();
  app.add_option("--timeout", patience, "how long to wait for an answer")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600))
      ->capture_default_str();
  if (const auto code = parse(app, arguments)) return *code;
  const auto answer = ask(admin, std::chrono::seconds(patience));
  if (!answer) return print_failure(answer.error());
  const std::string_view status = std::string_view(*answer).substr(0, answer->find('\r'));
  if (status.starts_with("HTTP/1.1 200") || status.starts_with("HTTP/1.0 200")) {
    std::puts("ready");
    return exit_success;
  }
  return print_failure({ErrorKind::io, "is not ready: " + reason_in(*answer), admin});
}

}  // namespace wheelbarrow::app
