#include "http/test_server.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdio>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "base/sha256.hpp"
#include "http/problem.hpp"
#include "http/representation.hpp"

namespace wheelbarrow::http {

namespace asio = boost::asio;

struct TestServer::Counters {
  std::atomic<int> cancelled = 0;
};

namespace {

constexpr std::size_t rope_bytes = 100'000'000;

// Slices from one byte to half a megabyte out of one buffer, whose bytes don't repeat with the slices.
const Slices& rope() {
  static const Slices slices = [] {
    std::vector<std::byte> bytes(1'000'003);
    std::uint32_t state = 1;
    for (std::byte& byte : bytes) {
      state = state * 1664525 + 1013904223;
      byte = static_cast<std::byte>(state >> 24);
    }
    const Slice buffer = Slice::of(std::move(bytes));
    Slices result;
    std::size_t left = rope_bytes;
    while (left > 0) {
      state = state * 1664525 + 1013904223;
      const std::size_t length =
          std::min<std::size_t>({left, 1 + (state >> 8) % (1U << (state >> 27) % 20), 500'000});
      result.push_back(buffer.part(state % 500'000, length));
      left -= length;
    }
    return result;
  }();
  return slices;
}

class CancelWitness {
 public:
  explicit CancelWitness(std::atomic<int>& count) : count_(count) {}
  ~CancelWitness() {
    if (!done) ++count_;
  }
  CancelWitness(const CancelWitness&) = delete;
  CancelWitness& operator=(const CancelWitness&) = delete;
  bool done = false;

 private:
  std::atomic<int>& count_;
};

asio::awaitable<void> wait(int milliseconds, std::atomic<int>& cancelled) {
  CancelWitness witness(cancelled);
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(milliseconds));
  co_await timer.async_wait(asio::use_awaitable);
  witness.done = true;
}

Response text(std::string body) {
  Response response;
  response.fields.add("content-type", "text/plain");
  response.body.push_back(Slice::of(std::move(body)));
  return response;
}

Representation file(std::string etag) {
  Representation representation;
  representation.body.push_back(Slice::of(std::string("0123456789abcdefghij")));
  representation.media_type = "text/plain";
  representation.validators.etag = std::move(etag);
  representation.validators.last_modified = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
  return representation;
}

asio::awaitable<Response> handle(const Request& request, std::shared_ptr<TestServer::Counters> counters) {
  if (request.path == "/echo") {
    co_return text(request.method + "\n" + request.path + "\n" + request.query + "\n" + request.authority +
                   "\n" + request.scheme + "\n");
  }
  if (request.path == "/rope") {
    Representation representation;
    representation.body = rope();
    representation.validators.etag = "\"rope\"";
    co_return respond(request, std::move(representation));
  }
  if (request.path == "/who") {
    co_return text("peer=" + request.peer + " network=" + request.network + " " + request.scheme + "://" +
                   request.authority + request.prefix + "\n");
  }
  if (request.path == "/file") co_return respond(request, file("\"v1\""));
  if (request.path == "/dated") co_return respond(request, file(""));
  if (request.path == "/wait") {
    co_await wait(std::stoi(request.query.substr(3)), counters->cancelled);
    co_return text("waited");
  }
  if (request.path == "/throw") throw std::runtime_error("the handler of /throw throws");
  if (request.path == "/split") {
    Response response = text("split");
    response.fields.add("x-evil", "a\r\nx-injected: b");
    response.fields.add("connection", "upgrade");
    co_return response;
  }
  if (request.path == "/received" && request.body) {
    const auto body = request.body->contents();
    co_return body ? text(std::to_string(body->size()) + " " + sha256(body->bytes).hex()) : problem(500, "");
  }
  if (request.path == "/status") {
    Response response = text("a body");
    response.status = static_cast<unsigned>(std::stoi(request.query));
    co_return response;
  }
  co_return problem(404, "Nothing here");
}

std::filesystem::path certificate_folder() {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("http_test." + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace

TestServer::TestServer(TestServerOptions options) : counters_(std::make_shared<Counters>()) {
  ServerOptions server_options;
  server_options.plain_listeners = {options.proxied ? "127.0.0.1:0+proxy" : "127.0.0.1:0"};
  server_options.front = options.front;
  server_options.threads = options.threads;
  server_options.limits = options.limits;
  if (options.tls) {
    const std::filesystem::path folder = certificate_folder();
    server_options.certificate = folder / "cert.pem";
    server_options.private_key = folder / "key.pem";
    server_options.tls_listeners = {"127.0.0.1:0"};
    const auto made = make_self_signed_certificate(server_options.certificate, server_options.private_key);
    if (!made) throw std::runtime_error(made.error().text());
  }
  if (options.max_received > 0) {
    server_options.receiver =
        [most = options.max_received](
            const Request& request) -> std::expected<std::shared_ptr<BodyFile>, Response> {
      if (request.path != "/received" && request.path != "/wait") return nullptr;
      if (request.fields.has("x-refused")) return std::unexpected(problem(403, "not from you"));
      auto file = BodyFile::make(testing::TempDir(), most);
      if (!file) return std::unexpected(problem(507, file.error().text()));
      return *file;
    };
  }
  auto started = Server::start(server_options, [counters = counters_](const Request& request) -> Answer {
    if (request.path == "/hello") return make_ready(text("hello\n"));
    if (request.path == "/throw-at-once") throw std::runtime_error("the handler throws");
    return handle(request, counters);
  });
  if (!started) throw std::runtime_error(started.error().text());
  server_ = std::move(*started);
}

TestServer::~TestServer() {
  if (server_) server_->stop(std::chrono::milliseconds(0));
}

unsigned short TestServer::port() const {
  return server_->plain_endpoints().at(0).port();
}

std::string TestServer::plain() const {
  return "http://127.0.0.1:" + std::to_string(port());
}

std::string TestServer::tls() const {
  return "https://127.0.0.1:" + std::to_string(server_->tls_endpoints().at(0).port());
}

std::string TestServer::rope_hash() {
  Sha256Hasher hasher;
  for (const Slice& slice : rope()) {
    hasher.update(slice.bytes);
  }
  return hasher.finish().hex();
}

std::size_t TestServer::rope_size() {
  return rope_bytes;
}

int TestServer::cancelled() const {
  return counters_->cancelled;
}

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen(("timeout 120 bash -c '" + command + "' 2>&1").c_str(),
                     "r");  // NOLINT(bugprone-command-processor,cert-env33-c)
  if (pipe == nullptr) return {"can't run it", -1};
  std::array<char, 4096> buffer{};
  while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
    ran.output.append(buffer.data(), size);
  }
  const int status = pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

}  // namespace wheelbarrow::http
