// Running a server from its configuration until a signal ends it.
#pragma once

#include "app/command.hpp"
#include "app/serve_options.hpp"

namespace wheelbarrow::app {

// The exit code. REQUIRES: no other thread runs yet; signals are blocked here so that each inherits that.
int run_server(const Arguments& arguments, ServeKind kind);

}  // namespace wheelbarrow::app
