// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes samples of a Gaussian process as expressions: instances of a problem
// for lsr-refine-instances.

#include <lsr/base/atomic_file.h>

#include "applications/studies/core_program.h"
#include "applications/studies/random-fields/gaussian_field.h"

namespace
{
  struct Options
  {
    std::string   field, output, name = "input";
    unsigned int  number   = 100;
    std::uint64_t seed     = 0;
    bool          positive = false;

    /// Returns false if help was asked for.
    bool
    parse(int argc, char **argv);
  };



  bool
  Options::parse(const int argc, char **argv)
  {
    CLI::App app("Write samples of a Gaussian process as expressions.",
                 "lsr-random-functions");
    app
      .add_option("field",
                  field,
                  "squared-exponential: length scale 0.2 and variance 1 on [0, "
                  "1]; burgers: initial values of period 1")
      ->required()
      ->check(CLI::IsMember({"squared-exponential", "burgers"}));
    app.add_option("output", output, "CSV file to write")->required();
    app.add_option("--number", number, "how many functions")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
    app.add_option("--seed", seed, "which functions")->capture_default_str();
    app.add_option("--name", name, "title of the column")
      ->capture_default_str();
    app.add_flag("--positive",
                 positive,
                 "add a constant to each function that makes 1 its smallest "
                 "value on [0, 1]");
    return lsr::parse_command_line(app, argc, argv);
  }



  void
  run(const Options &options)
  {
    const lsr_studies::GaussianField field =
      options.field == "burgers" ? lsr_studies::burgers_initial_values() :
                                   lsr_studies::squared_exponential_field(0.2);
    std::mt19937_64 generator(options.seed);
    lsr::write_atomically(options.output, [&](std::ostream &out) {
      out << options.name << '\n';
      for (unsigned int i = 0; i < options.number; ++i)
        {
          lsr_studies::FourierSeries sample = field.sample(generator);
          if (options.positive)
            sample.mean += 1 - sample.minimum(0, 1);
          out << sample.expression("x") << '\n';
        }
    });
  }
} // namespace



int
main(int argc, char **argv)
{
  return lsr::run_core_program<Options>("lsr-random-functions",
                                        argc,
                                        argv,
                                        run);
}
