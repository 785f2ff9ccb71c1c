// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Writes samples of a Gaussian process as expressions: instances of a problem
// for lsr-refine-instances.

#include "applications/studies/random-fields/gaussian_field.h"
#include "applications/studies/study.h"

namespace lsr_studies
{
  namespace
  {
    class RandomFunctions : public Study
    {
    public:
      explicit RandomFunctions(CLI::App &app)
        : Study(app)
      {
        app
          .add_option("field",
                      field,
                      "squared-exponential: length scale 0.2 and variance 1 on "
                      "[0, 1]; burgers: initial values of period 1")
          ->required()
          ->check(CLI::IsMember({"squared-exponential", "burgers"}));
        app.add_option("output", output, "CSV file to write")->required();
        positive_option(app, "--number", number, "how many functions");
        option(app, "--seed", seed, "which functions");
        option(app, "--name", name, "title of the column");
        app.add_flag("--positive",
                     positive,
                     "add a constant to each function that makes 1 its "
                     "smallest value on [0, 1]");
      }

    private:
      void
      run() override
      {
        const GaussianField process = field == "burgers" ?
                                        burgers_initial_values() :
                                        squared_exponential_field(0.2);
        std::mt19937_64     generator(seed);
        Table               functions(name);
        for (unsigned int i = 0; i < number; ++i)
          {
            FourierSeries sample = process.sample(generator);
            if (positive)
              sample.mean += 1 - sample.minimum(0, 1);
            functions.add(sample.expression("x"));
          }
        functions.write(output);
      }

      std::string   field, output, name = "input";
      unsigned int  number   = 100;
      std::uint64_t seed     = 0;
      bool          positive = false;
    };
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  CLI::App app("Write samples of a Gaussian process as expressions.",
               "lsr-random-functions");
  lsr_studies::RandomFunctions functions(app);
  return lsr_studies::run_study(app, argc, argv, {&functions});
}
