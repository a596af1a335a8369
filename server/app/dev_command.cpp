#include "app/serve.hpp"

namespace wheelbarrow::app {

int dev_command(const Arguments& arguments) {
  return run_server(arguments, ServeKind::dev);
}

}  // namespace wheelbarrow::app
