// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/lsr/draw_pictures.h"

#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "applications/lsr/relative_to_program.h"

namespace lsr
{
  namespace
  {
    namespace fs = std::filesystem;

    /// A word of the shell.
    std::string
    quoted(const std::string &text)
    {
      std::string result = "'";
      for (const char c : text)
        result += (c == '\'') ? "'\\''" : std::string(1, c);
      return result + "'";
    }

    /// The output of a command, and its exit status.
    std::pair<std::string, int>
    run(const std::string &command)
    {
      FILE *pipe = popen(command.c_str(), "r");
      if (pipe == nullptr)
        return {"no process can be started", -1};
      std::string output;
      for (int c; (c = std::fgetc(pipe)) != EOF;)
        output += static_cast<char>(c);
      const int status = pclose(pipe);
      return {output, WIFEXITED(status) ? WEXITSTATUS(status) : -1};
    }

    /// Pictures that were begun when this script, or an earlier one, was
    /// killed.
    void
    remove_partial_pictures(const std::string &folder)
    {
      std::error_code ignored;
      for (const auto &entry : fs::directory_iterator(folder, ignored))
        if (entry.path().extension() == ".partial")
          fs::remove(entry.path(), ignored);
    }
  } // namespace



  Pictures
  draw_pictures(const std::string         &folder,
                const std::chrono::seconds time_limit)
  {
    return draw_pictures(relative_to_program(LSR_DRAW_SCRIPT),
                         folder,
                         time_limit);
  }



  Pictures
  draw_pictures(const std::string         &script,
                const std::string         &folder,
                const std::chrono::seconds time_limit)
  {
    const std::string command =
                        "python3 " + quoted(script) + " " + quoted(folder),
                      limit = std::to_string(time_limit.count());
    remove_partial_pictures(folder);
    const auto [output, status] = run("timeout --kill-after=1 " + limit + " " +
                                      command + " </dev/null 2>&1");

    // The script prints the names of what it has drawn, and what went wrong.
    Pictures           pictures;
    std::string        reason;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);)
      if (fs::path(line).extension() == ".png" && fs::exists(line))
        pictures.files.push_back(line);
      else if (!line.empty())
        reason = line;
    if (status == 0)
      return pictures;

    remove_partial_pictures(folder);
    if (status == 124 || status == 137)
      reason = "python3 did not end within " + limit + " seconds";
    else if (status == 127)
      reason = "python3 was not found (packages python3, python3-numpy and "
               "python3-matplotlib)";
    pictures.failure =
      std::string(pictures.files.empty() ? "No pictures were" :
                                           "Not all pictures were") +
      " drawn: " + reason + ". To draw them by hand: " + command;
    return pictures;
  }
} // namespace lsr
