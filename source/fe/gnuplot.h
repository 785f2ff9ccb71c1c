// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_gnuplot_h
#define lsr_fe_gnuplot_h

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace lsr
{
  /// The program gnuplot is not installed.
  class GnuplotMissing : public std::runtime_error
  {
  public:
    using std::runtime_error::runtime_error;
  };

  /// The names of data files and what is in them.
  using GnuplotData = std::vector<std::pair<std::string, std::string>>;

  /**
   * Let gnuplot execute @p commands, which read the files @p data and write a
   * file `picture.png`, and move that to @p path. Everything else is gone
   * afterwards.
   *
   * @throw GnuplotMissing, or another std::exception with the path and what
   * gnuplot had to say.
   */
  void
  run_gnuplot(const std::string &commands,
              const GnuplotData &data,
              const std::string &path);
} // namespace lsr

#endif
