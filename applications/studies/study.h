// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_studies_study_h
#define lsr_studies_study_h

#include <lsr/base/atomic_file.h>
#include <lsr/base/exceptions.h>
#include <lsr/base/timer.h>
#include <lsr/base/types.h>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <numeric>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "applications/lsr/program.h"
#include "applications/studies/namespace.h"

// The command lines, tables and messages of all studies without deal.II.

namespace lsr_studies
{
  /// Add an option whose default is shown.
  template <typename Value>
  CLI::Option *
  option(CLI::App          &app,
         const std::string &name,
         Value             &value,
         const std::string &text)
  {
    return app.add_option(name, value, text)->capture_default_str();
  }

  /// The same for a value that has to be positive.
  template <typename Value>
  CLI::Option *
  positive_option(CLI::App          &app,
                  const std::string &name,
                  Value             &value,
                  const std::string &text)
  {
    return option(app, name, value, text)->check(CLI::PositiveNumber);
  }



  /// A program or one of its subcommands. Constructors of derived classes
  /// declare the options.
  class Study : protected Machine
  {
  public:
    /// All cores are used if @p n_threads is not given.
    explicit Study(CLI::App                          &app,
                   const std::optional<unsigned int> &n_threads = std::nullopt)
      : app(app)
    {
      this->n_threads = n_threads;
      add_to(app);
    }

    virtual ~Study() = default;

    void
    run_if_chosen()
    {
      if (!app.parsed())
        return;
      use();
      ensure_kokkos_initialized();
      run();
    }

  protected:
    virtual void
    run() = 0;

  private:
    const CLI::App &app;
  };



  /// The main function of the program @p app, which is the only one of
  /// @p studies or has all of them as subcommands.
  inline int
  run_study(CLI::App                   &app,
            const int                   argc,
            char                      **argv,
            const std::vector<Study *> &studies)
  {
    if (studies.size() > 1)
      app.require_subcommand(1);
    return report_errors(app.get_name(), [&]() {
      try
        {
          app.parse(argc, argv);
        }
      catch (const CLI::Success &help)
        {
          app.exit(help);
          return;
        }
      catch (const CLI::ParseError &error)
        {
          throw Error(std::string(error.what()) + "; see --help");
        }
      for (Study *const study : studies)
        study->run_if_chosen();
    });
  }



  inline void
  say(const std::string &line)
  {
    std::cerr << line << std::endl;
  }



  /// Make the folder of a file that is to be written.
  inline void
  prepare_folder_of(const std::string &file)
  {
    prepare_output_folder(
      std::filesystem::absolute(file).parent_path().string());
  }



  /// A table (.csv), line by line, which is written as a whole.
  class Table
  {
  public:
    explicit Table(const std::string &titles, const unsigned int n_digits = 10)
    {
      lines.precision(n_digits);
      lines << titles << '\n';
    }

    template <typename First, typename... Rest>
    void
    add(const First &first, const Rest &...rest)
    {
      lines << first;
      ((lines << ',' << rest), ...);
      lines << '\n';
    }

    void
    write(const std::string &path) const
    {
      prepare_folder_of(path);
      write_atomically(path, [&](std::ostream &out) { out << lines.str(); });
    }

  private:
    std::ostringstream lines;
  };



  /// 0, and four ranks for each doubling, from @p first to @p largest.
  inline std::vector<std::size_t>
  ranks_up_to(const std::size_t largest, const std::size_t first)
  {
    std::vector<std::size_t> ranks = {0};
    for (int i = 0; std::lround(first * std::exp2(i / 4.)) < long(largest); ++i)
      ranks.push_back(std::lround(first * std::exp2(i / 4.)));
    ranks.push_back(largest);
    return ranks;
  }



  /// Vectors as the columns of a block.
  inline Block
  as_columns(const std::vector<Column> &vectors)
  {
    const Block block = make_block(vectors.front().size(), vectors.size());
    for (std::size_t j = 0; j < vectors.size(); ++j)
      Kokkos::deep_copy(Kokkos::subview(block, Kokkos::ALL(), j), vectors[j]);
    return block;
  }



  inline double
  mean(const std::vector<double> &values)
  {
    return std::accumulate(values.begin(), values.end(), 0.) / values.size();
  }



  /// The seconds of all stages and their sum, for a report.
  inline nlohmann::ordered_json
  to_json(const Timer &timer)
  {
    nlohmann::ordered_json json;
    for (const auto &[stage, seconds] : timer.stages())
      json[stage] = std::round(1000 * seconds) / 1000;
    json["total"] = std::round(1000 * timer.total()) / 1000;
    return json;
  }



  /// The most memory that this process has had, in GB.
  inline double
  peak_memory()
  {
    rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss * 1024e-9;
  }
} // namespace lsr_studies

#endif
