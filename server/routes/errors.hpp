// From an Error to a problem response.
#pragma once

#include "base/error.hpp"
#include "http/message.hpp"
#include "resolver/resolver.hpp"

namespace wheelbarrow::routes {

// 400, 404, 409, 422, 503 with Retry-After, or 500, by the error's kind.
http::Response to_problem(const Error& error);
// With the member "derivation" where the requirements can't be met.
http::Response to_problem(const resolver::Failure& failure);
http::Response not_acceptable();
http::Response not_found(std::string_view detail);

}  // namespace wheelbarrow::routes
