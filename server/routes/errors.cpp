#include "routes/errors.hpp"

#include <boost/json.hpp>

#include "http/problem.hpp"
#include "routes/derivation_json.hpp"

namespace wheelbarrow::routes {
namespace {

unsigned status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid_input:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::unsatisfiable:
    case ErrorKind::limit:
      return 422;
    case ErrorKind::busy:
    case ErrorKind::cancelled:
      return 503;
    case ErrorKind::corrupt:
    case ErrorKind::io:
    case ErrorKind::internal:
      break;
  }
  return 500;
}

http::Response make_problem(const Error& error, std::string_view members) {
  const unsigned status = status_of(error.kind);
  // What failed inside is for the log; paths of the server's disk are nobody else's business.
  http::Response response = http::problem(status, status == 500 ? error.message : error.text(), members);
  if (status == 503) response.fields.set("retry-after", "2");
  return response;
}

}  // namespace

http::Response to_problem(const Error& error) {
  return make_problem(error, {});
}

http::Response to_problem(const resolver::Failure& failure) {
  if (failure.derivation.empty()) return make_problem(failure, {});
  return make_problem(failure, "\"derivation\":" + boost::json::serialize(to_json(failure.derivation)));
}

http::Response not_acceptable() {
  http::Response response = http::problem(
      406,
      "none of the content codings that this resource has (zstd, gzip, identity) is acceptable to the "
      "request; send Accept-Encoding: identity or leave it out");
  response.fields.set("vary", "accept-encoding");
  return response;
}

http::Response not_found(std::string_view detail) {
  return http::problem(404, detail);
}

}  // namespace wheelbarrow::routes
