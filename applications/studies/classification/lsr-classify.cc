// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// Classifies images of digits by linearized subspace refinement of an untrained
// convolutional network.

#include <lsr/base/exceptions.h>
#include <lsr/base/types.h>
#include <lsr/dense/blas.h>
#include <lsr/dense/least_squares.h>
#include <lsr/network/network.h>
#include <lsr/refine/fit.h>
#include <lsr/refine/tangent_basis.h>

#include <limits>

#include "applications/studies/classification/convolutional_network.h"
#include "applications/studies/classification/images.h"
#include "applications/studies/study.h"

namespace lsr_studies
{
  namespace
  {
    struct Images
    {
      ImageSet fit, validation, test;
    };



    /// The outputs of the convolutions as images.
    ImageSet
    features(const Network &convolutions, const ImageSet &images)
    {
      const Block values = make_block(convolutions.n_outputs(), images.size());
      convolutions.evaluate(images.points,
                            Column(values.data(), values.size()));
      return {values, images.labels};
    }



    /// The share of images whose largest value belongs to the right class, for
    /// each of some refined predictions $q + J V y$ that differ by their
    /// coefficients @p Y, one column each.
    std::vector<double>
    accuracies(const Network      &network,
               const TangentBasis &basis,
               const Block        &Y,
               const ImageSet     &images,
               const std::size_t   block_size)
    {
      constexpr std::size_t k = ImageSet::n_classes;
      std::vector<double>   correct(Y.extent(1));
      for (std::size_t first = 0; first < images.size(); first += block_size)
        {
          const ImageSet block =
            images.slice(first, std::min(first + block_size, images.size()));
          const Column q     = make_column(k * block.size());
          const Block  JV    = make_block(q.size(), basis.n_directions()),
                      change = make_block(q.size(), Y.extent(1));
          network.evaluate(block.points, q);
          basis.apply(block.points, JV);
          multiply(1., 'N', JV, 'N', Y, 0., change);
          const HostColumn of_network = to_host(q);
          const HostBlock  values     = to_host(change);
          for (std::size_t j = 0; j < correct.size(); ++j)
            for (std::size_t i = 0; i < block.size(); ++i)
              {
                double *const scores = &values(k * i, j);
                for (std::size_t c = 0; c < k; ++c)
                  scores[c] += of_network(k * i + c);
                correct[j] += std::max_element(scores, scores + k) - scores ==
                              block.labels[i];
              }
        }
      for (double &share : correct)
        share /= images.size();
      return correct;
    }



    /// The solution with a number of columns; losses are means over the rows.
    struct Solution
    {
      std::size_t rank = 0;
      double      loss = 0, validation_loss = 0, test_accuracy = 0;
    };

    /// The results for one subspace.
    struct Result
    {
      std::size_t n_rows = 0, numerical_rank = 0;

      /// For ranks_up_to(); last, the rank with the least validation loss.
      std::vector<Solution> solutions;

      Timer timer;
    };



    /// Solve for some ranks and for that which validation chooses, all from
    /// one factorization. Returns the coefficients, a column for each.
    Block
    solve(const AppendRowsQR &rows,
          const AppendRowsQR &held_out,
          Result             &result)
    {
      const LeastSquares        problem(rows,
                                 Pivoting::columns,
                                 std::numeric_limits<double>::epsilon() / 2);
      const std::vector<double> losses     = problem.losses(),
                                validation = problem.held_out_loss(held_out);
      result.n_rows                        = rows.n_rows();
      result.numerical_rank                = problem.numerical_rank();
      std::vector<std::size_t> ranks = ranks_up_to(result.numerical_rank, 16);
      ranks.push_back(std::min_element(validation.begin(), validation.end()) -
                      validation.begin());
      std::vector<Column> Y;
      for (const std::size_t k : ranks)
        {
          result.solutions.push_back({k,
                                      losses[k] / rows.n_rows(),
                                      validation[k] / held_out.n_rows(),
                                      0.});
          Y.push_back(problem.solve(k));
        }
      return as_columns(Y);
    }



    class Classification : public Study
    {
    public:
      explicit Classification(CLI::App &app)
        : Study(app)
      {
        basis.type         = "parameters";
        basis.n_directions = 2000;
        app.get_formatter()->column_width(32);
        app.add_option("--mnist",
                       mnist,
                       "Folder with the four files of MNIST, uncompressed "
                       "(default: digits that the program renders)");
        option(app,
               "--images",
               n_images,
               "Images to fit, those of --validation included");
        positive_option(app,
                        "--validation",
                        n_validation,
                        "Images held out of the fit, to choose the rank by");
        positive_option(app, "--test-images", n_test, "Images to test with");
        option(app,
               "--activation",
               activation,
               "relu, tanh, gelu, or identity, which makes a linear "
               "classifier of the pixels");
        option(app, "--subspace", basis.type, TangentBasisParameters::types);
        positive_option(app,
                        "--directions",
                        basis.n_directions,
                        "Directions of the subspace");
        app.add_flag("--linear-layers",
                     linear_layers,
                     "Directions move the parameters of the linear layers "
                     "only: 84 % of all, and much cheaper");
        option(app,
               "--seed",
               seed,
               "Seed of the network, the directions and the rendered digits");
        positive_option(app,
                        "--block",
                        block_size,
                        "Images in a block of rows");
        app.add_option("--ranks",
                       ranks_file,
                       "Table of losses and accuracies over the rank (.csv)");
        app.add_option("--samples",
                       samples_file,
                       "Table of the pixels of some images to fit, side by "
                       "side (.csv)");
      }

    private:
      void
      run() override
      {
        require(n_validation < n_images,
                "--validation " + std::to_string(n_validation) +
                  ": less than the " + std::to_string(n_images) +
                  " of --images expected");
        basis.seed = seed;
        for (const std::string &file : {ranks_file, samples_file})
          if (!file.empty())
            prepare_folder_of(file);

        const Images  images  = read_or_render();
        const Network network = convolutional_network(seed, activation);
        say(network.description());
        if (!samples_file.empty())
          write_samples(images.fit);
        if (linear_layers)
          {
            const auto parts = take_apart(network, activation);
            const auto seen  = [&](const ImageSet &set) {
              return features(parts.convolutions, set);
            };
            classify(parts.head,
                     {seen(images.fit),
                      seen(images.validation),
                      seen(images.test)});
          }
        else
          classify(network, images);
        report(network);
        if (!ranks_file.empty())
          write_ranks();
      }

      Images
      read_or_render() const
      {
        const bool     render = mnist.empty();
        const ImageSet train  = render ? render_digits(n_images, 2 * seed) :
                                         read_mnist(mnist, "train"),
                       test   = render ? render_digits(n_test, 2 * seed + 1) :
                                         read_mnist(mnist, "t10k");
        const auto check      = [&](const char       *option,
                               const std::size_t wanted,
                               const ImageSet   &set) {
          require(wanted <= set.size(),
                  std::string(option) + " " + std::to_string(wanted) +
                    ": there are " + std::to_string(set.size()) + " in " +
                    mnist);
        };
        check("--images", n_images, train);
        check("--test-images", n_test, test);
        const std::size_t n_fit = n_images - n_validation;
        return {train.slice(0, n_fit),
                train.slice(n_fit, n_images),
                test.slice(0, n_test)};
      }

      void
      classify(const Network &network, const Images &images)
      {
        Timer     &timer   = result.timer;
        const auto V       = timer.run("subspace", [&]() {
          return make_tangent_basis(network, basis, images.fit.points);
        });
        const auto reduced = [&](const ImageSet &set) {
          return factorize(*V, ImageStream(set, block_size), say).front();
        };
        const auto [rows, held_out] = timer.run("reduce", [&]() {
          return std::make_pair(reduced(images.fit),
                                reduced(images.validation));
        });
        say("  solving for all ranks");
        const Block Y =
          timer.run("solve", [&, &rows = rows, &held_out = held_out]() {
            return solve(rows, held_out, result);
          });
        const auto accuracy = timer.run("test", [&]() {
          return accuracies(network, *V, Y, images.test, block_size);
        });
        for (std::size_t i = 0; i < accuracy.size(); ++i)
          result.solutions[i].test_accuracy = accuracy[i];
      }

      void
      report(const Network &network) const
      {
        const Solution        &chosen = result.solutions.back();
        nlohmann::ordered_json json   = {
            {"torch", Network::torch_version()},
            {"set", mnist.empty() ? "rendered digits" : mnist},
            {"images", n_images},
            {"validation_images", n_validation},
            {"test_images", n_test},
            {"parameters", network.n_parameters()},
            {"activation", activation},
            {"subspace", basis.type},
            {"linear_layers", linear_layers},
            {"rows", result.n_rows},
            {"rank", basis.n_directions},
            {"numerical_rank", result.numerical_rank},
            {"chosen_rank", chosen.rank},
            {"loss", chosen.loss},
            {"validation_loss", chosen.validation_loss},
            {"accuracy_network", result.solutions.front().test_accuracy},
            {"accuracy", chosen.test_accuracy},
            {"memory_gb", peak_memory()},
            {"threads", *n_threads},
            {"seconds", to_json(result.timer)}};
        std::cout << json.dump() << std::endl;
      }

      void
      write_ranks() const
      {
        Table table("rank,loss,validation_loss,test_accuracy");
        // The last one, which validation chose, is in the report.
        for (std::size_t i = 0; i + 1 < result.solutions.size(); ++i)
          {
            const Solution &solution = result.solutions[i];
            table.add(solution.rank,
                      solution.loss,
                      solution.validation_loss,
                      solution.test_accuracy);
          }
        table.write(ranks_file);
      }

      /// The first images in ten rows of 24, pixel by pixel from the top left.
      void
      write_samples(const ImageSet &images) const
      {
        constexpr std::size_t n_rows = 10, n_columns = 24, w = ImageSet::width;
        const HostBlock       points = to_host(images.points);
        Table                 table("x,y,ink");
        for (std::size_t y = 0; y < n_rows * w; ++y)
          for (std::size_t x = 0; x < n_columns * w; ++x)
            {
              const std::size_t image = y / w * n_columns + x / w;
              table.add(x,
                        n_rows * w - 1 - y,
                        image < images.size() ?
                          points(y % w * w + x % w, image) :
                          0.);
            }
        table.write(samples_file);
      }

      /// Folder of the files of MNIST; empty: rendered digits.
      std::string mnist;

      std::size_t n_images = 10000, n_test = 2000, n_validation = 1000,
                  block_size            = 200;
      std::string            activation = "relu", ranks_file, samples_file;
      TangentBasisParameters basis;
      std::uint64_t          seed          = 0;
      bool                   linear_layers = false;

      Result result;
    };
  } // namespace
} // namespace lsr_studies



int
main(int argc, char **argv)
{
  CLI::App app("Classify images of digits by linearized subspace refinement of "
               "an untrained convolutional network.",
               "lsr-classify");
  lsr_studies::Classification classification(app);
  return lsr_studies::run_study(app, argc, argv, {&classification});
}
