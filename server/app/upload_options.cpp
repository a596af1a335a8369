#include "app/upload_options.hpp"

#include "app/size_option.hpp"

namespace wheelbarrow::app {

void UploadOptions::add_options(CLI::App& app) {
  app.add_option(
         "--upload-token", token,
         "file with the token (user __token__) with which twine and 'uv publish' may upload wheels to "
         "/legacy/; without it nobody may")
      ->type_name("FILE")
      ->envname("WHEELBARROW_UPLOAD_TOKEN");
  app.add_option("--upload-folder", folder,
                 "where uploaded wheels go: one of --wheels, or below it (default: the first)")
      ->type_name("DIR")
      ->envname("WHEELBARROW_UPLOAD_FOLDER");
  take_size(
      app.add_option("--max-upload", max_size, "bytes of an uploaded wheel; more is refused (default: 256M)"))
      ->envname("WHEELBARROW_MAX_UPLOAD");
}

}  // namespace wheelbarrow::app
