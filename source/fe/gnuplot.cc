// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "gnuplot.h"

#include <lsr/base/exceptions.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

extern char **environ;

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    std::string
    reason(const int error_number)
    {
      return std::generic_category().message(error_number);
    }

    /// A new folder that is removed, with its files, at the end of its scope.
    class WorkingFolder
    {
    public:
      explicit WorkingFolder(const fs::path &parent)
      {
        std::string name = (parent / ".picture-XXXXXX").string();
        require(mkdtemp(name.data()) != nullptr,
                "No file can be written into the folder '" + parent.string() +
                  "': " + reason(errno));
        path = name;
      }

      WorkingFolder(const WorkingFolder &) = delete;

      ~WorkingFolder()
      {
        std::error_code ignored;
        fs::remove_all(path, ignored);
      }

      void
      write(const std::string &name, const std::string &contents) const
      {
        std::ofstream out(path / name, std::ios::binary);
        out << contents;
        out.close();
        require(!out.fail(),
                "Cannot write the file '" + (path / name).string() +
                  "': " + reason(errno));
      }

      fs::path path;
    };

    /// Execute gnuplot on the file `script` in @p folder, with its messages in
    /// the file `log`. Return its exit status.
    int
    execute(const fs::path &folder)
    {
      const std::string directory = folder.string();
      const std::string log       = (folder / "log").string();

      posix_spawn_file_actions_t actions;
      posix_spawn_file_actions_init(&actions);
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
      posix_spawn_file_actions_addopen(
        &actions, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      posix_spawn_file_actions_adddup2(&actions, 1, 2);
      posix_spawn_file_actions_addchdir_np(&actions, directory.c_str());

      // "-d" ignores the start-up files of the user.
      std::string program = "gnuplot", option = "-d", script = "script";
      char       *arguments[] = {program.data(),
                                 option.data(),
                                 script.data(),
                                 nullptr};

      pid_t     process = 0;
      const int error   = posix_spawnp(
        &process, program.c_str(), &actions, nullptr, arguments, environ);
      posix_spawn_file_actions_destroy(&actions);
      if (error == ENOENT)
        throw GnuplotMissing("gnuplot was not found");
      require(error == 0, "gnuplot cannot be started: " + reason(error));

      int status = 0;
      while (waitpid(process, &status, 0) < 0)
        require(errno == EINTR, "gnuplot was lost: " + reason(errno));
      return status;
    }

    std::string
    contents(const fs::path &path)
    {
      std::ifstream      in(path);
      std::ostringstream text;
      text << in.rdbuf();
      return text.str();
    }
  } // namespace

  void
  run_gnuplot(const std::string &commands,
              const GnuplotData &data,
              const std::string &path)
  {
    const fs::path      target = fs::absolute(path);
    const WorkingFolder folder(target.parent_path());
    folder.write("script", commands);
    for (const auto &[name, numbers] : data)
      folder.write(name, numbers);

    const int       status  = execute(folder.path);
    const fs::path  picture = folder.path / "picture.png";
    std::error_code error;
    require(status == 0 && fs::file_size(picture, error) > 0 && !error,
            "gnuplot could not draw '" + path +
              "': " + contents(folder.path / "log"));

    fs::rename(picture, target, error);
    require(!error, "Cannot write the file '" + path + "': " + error.message());
  }
} // namespace lsr
