// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// A refined network is a network like any other: q + J Δθ wherever a network is
// taken, also in a file, and to be refined again.

#include <lsr/base/exceptions.h>
#include <lsr/network/fully_connected.h>
#include <lsr/network/network_layout.h>
#include <lsr/network/training.h>
#include <lsr/refine/iterative_lsr.h>

#include <gtest/gtest.h>

#include <cmath>

#include "base/npy.h"
#include "base/sha256.h"
#include "base/zip_archive.h"
#include "network/jacobian.h"
#include "support/messages.h"
#include "support/models.h"
#include "support/temporary_folder.h"

using namespace lsr;
using namespace lsr::test;

namespace
{
  Network
  make_network(const unsigned int n_inputs  = 2,
               const unsigned int n_outputs = 1)
  {
    FullyConnected layout;
    layout.n_inputs  = n_inputs;
    layout.n_outputs = n_outputs;
    layout.widths    = {16, 16};
    layout.seed      = 3;
    return layout.build();
  }

  Column
  sum(const Column &a, const Column &b)
  {
    const HostColumn x = to_host(a), y = to_host(b);
    return make_column_of(a.size(),
                          [&](const std::size_t i) { return x(i) + y(i); });
  }

  Column
  random_parameters(const Network &network, const std::uint64_t seed)
  {
    return random_column(network.n_parameters(), seed);
  }

  Block
  points_of(const Network &network)
  {
    return random_points(network.n_inputs(), 11, 0.1, 0.9);
  }

  Column
  values(const Network &network,
         const Block   &points,
         const Column  &correction = {})
  {
    const Column q = make_column(points.extent(1) * network.n_outputs());
    network.evaluate(points, q, correction);
    return q;
  }

  Column
  values(const Network &network)
  {
    return values(network, points_of(network));
  }

  Block
  gradients(const Network &network, const Column &correction = {})
  {
    const Block points = points_of(network);
    const Block result =
      make_block(network.n_inputs(), points.extent(1) * network.n_outputs());
    network.evaluate_gradients(points, result, correction);
    return result;
  }

  Column
  laplacians(const Network &network, const Column &correction = {})
  {
    const Block  points = points_of(network);
    const Column result = make_column(points.extent(1) * network.n_outputs());
    network.evaluate_laplacians(points, network.n_inputs(), result, correction);
    return result;
  }

  Block
  jacobian_times(const Network &network, const Block &V)
  {
    const Block points = points_of(network);
    const Block JV =
      make_block(points.extent(1) * network.n_outputs(), V.extent(1));
    network.jacobian_times(points, V, JV);
    return JV;
  }

  Column
  jacobian_times(const Network &network, const Column &v)
  {
    return Kokkos::subview(jacobian_times(network, as_block(v)),
                           Kokkos::ALL(),
                           0);
  }

  /// Values and spatial derivatives are the same.
  void
  expect_equal(const Network &found, const Network &expected)
  {
    EXPECT_EQ(to_vector(values(found)), to_vector(values(expected)));
    EXPECT_EQ(relative_difference(gradients(found), gradients(expected)), 0.);
    EXPECT_EQ(to_vector(laplacians(found)), to_vector(laplacians(expected)));
  }

  /// Saved and loaded again.
  Network
  saved(const Network &network, const Column &correction = {})
  {
    const TemporaryFolder folder;
    network.save(folder.file("refined.pt"), correction);
    return Network::load(folder.file("refined.pt"),
                         network.n_inputs(),
                         network.n_outputs());
  }
} // namespace



TEST(RefinedNetwork, IsTheNetworkPlusTheJacobianTimesTheCorrection)
{
  for (const auto &[name, network] : all_models())
    {
      SCOPED_TRACE(name);
      const Column  correction = random_parameters(network, 5);
      const Network refined    = network.refined(correction);
      const Column  expected =
        sum(values(network), jacobian_times(network, correction));
      EXPECT_LT(relative_difference(values(refined), expected), 1e-14);
      EXPECT_EQ(relative_difference(gradients(refined),
                                    gradients(network, correction)),
                0.);
      EXPECT_FALSE(network.is_refined());
      EXPECT_TRUE(refined.is_refined());

      expect_equal(saved(refined), refined);
      expect_equal(saved(network, correction), refined);
      expect_equal(refined.clone(), refined);
      expect_equal(refined.unrefined(), network);
      EXPECT_EQ(relative_difference(saved(refined).parameters(),
                                    network.parameters()),
                0.);
    }
}



TEST(RefinedNetwork, HasSpatialDerivativesOfItsValues)
{
  const Network refined =
    make_network(2, 2).refined(random_parameters(make_network(2, 2), 5));
  const Block         x = points_of(refined), slopes = gradients(refined);
  const Column        curvature = laplacians(refined);
  const std::size_t   n         = values(refined).size();
  std::vector<double> laplacian(n);
  for (unsigned int k = 0; k < 2; ++k)
    {
      const double h     = 1e-4;
      const auto   moved = [&](const double step) {
        const HostBlock host = to_host(x);
        return to_vector(
          values(refined,
                 make_block_of(2,
                               x.extent(1),
                               [&](const std::size_t d, const std::size_t i) {
                                 return host(d, i) + (d == k ? step : 0.);
                               })));
      };
      const auto ahead = moved(h), here = moved(0.), behind = moved(-h);
      for (std::size_t i = 0; i < n; ++i)
        {
          EXPECT_NEAR(to_host(slopes)(k, i),
                      (ahead[i] - behind[i]) / (2 * h),
                      1e-5);
          laplacian[i] += (ahead[i] - 2 * here[i] + behind[i]) / (h * h);
        }
    }
  for (std::size_t i = 0; i < n; ++i)
    EXPECT_NEAR(to_vector(curvature)[i], laplacian[i], 1e-4);
}



TEST(RefinedNetwork, CorrectionsAddUp)
{
  const Network network = make_network();
  const Column  a       = random_parameters(network, 5),
               b        = random_parameters(network, 6);
  const Network both    = network.refined(sum(a, b));

  const Network twice = network.refined(a).refined(b);
  EXPECT_LT(relative_difference(values(twice), values(both)), 1e-14);
  EXPECT_LT(relative_difference(
              values(network.refined(a), points_of(network), b), values(both)),
            1e-14);
  EXPECT_LT(relative_difference(gradients(network.refined(a), b),
                                gradients(both)),
            1e-14);
  EXPECT_LT(relative_difference(laplacians(network.refined(a), b),
                                laplacians(both)),
            1e-13);
  // Also those in files.
  expect_equal(saved(saved(network, a), b), twice);
  // The same file as of the sum.
  const TemporaryFolder folder;
  twice.save(folder.file("twice.pt"));
  both.save(folder.file("both.pt"));
  EXPECT_EQ(folder.read("twice.pt"), folder.read("both.pt"));
}



TEST(RefinedNetwork, HasTheTangentSpaceAtItsParameters)
{
  for (const auto &[name, network] : layer_zoo())
    {
      SCOPED_TRACE(name);
      const Network refined = saved(network, random_parameters(network, 5));
      EXPECT_EQ(refined.description(), network.description());
      const Block V = random_block(network.n_parameters(), 3, 7);
      EXPECT_EQ(relative_difference(jacobian_times(refined, V),
                                    jacobian_times(network, V)),
                0.);
      const auto directions = NetworkJacobian::random_directions(network, 4, 1);
      const Block points = points_of(network), U = jacobian_times(network, V);
      const Block JTU      = make_block(network.n_parameters(), 3),
                  expected = make_block(network.n_parameters(), 3);
      refined.transposed_jacobian_times(points, U, JTU);
      network.transposed_jacobian_times(points, U, expected);
      EXPECT_EQ(relative_difference(JTU, expected), 0.);
    }
}



TEST(RefinedNetwork, KeepsWhatCorrectionsContributeWhenParametersChange)
{
  const Network network    = make_network(2, 2);
  const Column  correction = random_parameters(network, 5),
               theta       = network.parameters(),
               moved       = sum(theta, random_parameters(network, 6)),
               further     = random_parameters(network, 7);
  const Column fixed       = jacobian_times(network, correction);
  Network      refined     = network.refined(correction);
  Network      at_moved    = network.clone();
  at_moved.set_parameters(moved);

  refined.set_parameters(moved);
  EXPECT_LT(relative_difference(values(refined), sum(values(at_moved), fixed)),
            1e-14);
  EXPECT_EQ(relative_difference(jacobian_times(refined, further),
                                jacobian_times(at_moved, further)),
            0.);
  // Refined there, too: two tangent spaces.
  const Network again = refined.refined(further);
  EXPECT_LT(relative_difference(values(again),
                                sum(values(refined),
                                    jacobian_times(at_moved, further))),
            1e-14);
  expect_equal(saved(again), again);
  expect_equal(saved(refined, further), again);
  expect_equal(again.clone(), again);
  expect_equal(again.unrefined(), at_moved);

  // And back.
  refined.set_parameters(theta);
  expect_equal(refined, network.refined(correction));
  const Network back = refined.refined(further);
  EXPECT_LT(relative_difference(
              values(back), values(network.refined(sum(correction, further)))),
            1e-14);
}



TEST(RefinedNetwork, IsTrained)
{
  const Network plain   = make_network();
  Network       network = plain.refined(random_parameters(plain, 5));
  const Block   points  = random_points(2, 200);
  const Column  before  = values(network, points),
               targets  = random_column(200, 9);

  const auto mse = [&](const Network &trained) {
    return std::pow(distance(values(trained, points), targets), 2) / 200;
  };
  TrainingParameters parameters;
  parameters.epochs = 0;
  EXPECT_NEAR(train(network, points, targets, parameters),
              mse(network),
              1e-12 * mse(network));
  parameters.epochs           = 20;
  parameters.lbfgs_iterations = 20;
  const double initial        = mse(network);
  const double final          = train(network, points, targets, parameters);
  EXPECT_NEAR(final, mse(network), 1e-12 * final);
  EXPECT_LT(final, 0.9 * initial);

  // What the correction contributes is as before.
  Network trained = plain.clone();
  trained.set_parameters(network.parameters());
  const HostColumn q = to_host(values(network, points)),
                   p = to_host(values(trained, points)), c = to_host(before),
                   n = to_host(values(plain, points));
  for (std::size_t i = 0; i < q.size(); ++i)
    EXPECT_NEAR(q(i) - p(i), c(i) - n(i), 1e-12);
}



TEST(RefinedNetwork, LossesOfDerivativesSeeTheCorrection)
{
  const Network plain   = make_network();
  Network       network = plain.refined(random_parameters(plain, 5));
  const Block   points  = random_points(2, 20);
  // Half the sum of all squares.
  const Network::JetLoss loss =
    [](const Block &jets, const std::size_t, const Block &slopes) {
      const HostBlock host = to_host(jets);
      double          half = 0;
      set_entries(slopes, [&](const std::size_t i, const std::size_t j) {
        half += 0.5 * host(i, j) * host(i, j);
        return host(i, j);
      });
      return half;
    };
  const auto evaluate = [&](const Column &gradient) {
    Kokkos::deep_copy(gradient, 0.);
    return network.add_loss_gradient(points, {1., 0.5}, loss, gradient);
  };
  const Column gradient  = make_column(network.n_parameters()),
               ignored   = make_column(network.n_parameters());
  const double     value = evaluate(gradient);
  const HostColumn q     = to_host(values(network, points));
  double           part  = 0;
  for (std::size_t i = 0; i < q.size(); ++i)
    part += 0.5 * q(i) * q(i);
  EXPECT_GT(value, part);

  const Column theta = network.parameters(), v = random_parameters(network, 8);
  const double h     = 1e-6;
  const auto   moved = [&](const double step) {
    const HostColumn x = to_host(theta), d = to_host(v);
    network.set_parameters(
      make_column_of(theta.size(),
                     [&](const std::size_t i) { return x(i) + step * d(i); }));
    return evaluate(ignored);
  };
  const double difference = (moved(h) - moved(-h)) / (2 * h);
  double       expected   = 0;
  for (std::size_t i = 0; i < theta.size(); ++i)
    expected += to_vector(gradient)[i] * to_vector(v)[i];
  EXPECT_NEAR(difference, expected, 1e-6 * std::abs(expected) + 1e-6);
}



namespace
{
  /// A fit of a function that the network does not know.
  struct Fit
  {
    Fit()
      : residual(make_column(0))
    {
      sampling.points   = random_points(2, 600, -1., 1., 3);
      const HostBlock x = to_host(sampling.points);
      residual = DataMisfit(make_column_of(600, [&](const std::size_t i) {
        return std::sin(4. * x(0, i)) * std::cos(3. * x(1, i));
      }));
    }

    Refinement
    refine(const Network &network, const std::uint64_t seed)
    {
      RefinementParameters parameters;
      parameters.rank = 100;
      return lsr::refine(StructuredBasis(network, 100, seed),
                         sampling,
                         residual,
                         parameters);
    }

    Sampling   sampling;
    DataMisfit residual;
  };
} // namespace



TEST(RefinedNetwork, IsRefinedAgain)
{
  Fit              fit;
  const Network    network = make_network();
  const Refinement first   = fit.refine(network, 1);
  const Network    refined = saved(network, first.correction);

  // The same directions have nothing to add, up to the rounding of what the
  // first correction has removed.
  const Refinement same = fit.refine(refined, 1);
  EXPECT_NEAR(same.initial_norm,
              first.refined_norm,
              1e-10 * first.initial_norm);
  EXPECT_LE(same.refined_norm, same.initial_norm);
  EXPECT_NEAR(same.refined_norm, same.initial_norm, 1e-11 * first.initial_norm);

  // Others have, and never make it worse.
  const Refinement others = fit.refine(refined, 2);
  EXPECT_LT(others.refined_norm, 0.99 * others.initial_norm);
  const Network twice = saved(refined, others.correction);
  EXPECT_LT(relative_difference(fit.sampling.evaluate(twice), others.values),
            1e-12);
  EXPECT_LT(relative_difference(fit.sampling.evaluate(network,
                                                      sum(first.correction,
                                                          others.correction)),
                                others.values),
            1e-12);
}



TEST(RefinedNetwork, IsIteratedFromAndRestarted)
{
  const TemporaryFolder folder;
  Fit                   fit;
  const Network         network = make_network();
  const Network refined = network.refined(fit.refine(network, 1).correction);

  const auto run = [&](const unsigned int n, const std::string &restart) {
    Network             start = refined.clone();
    IterativeParameters parameters;
    parameters.max_iterations         = n;
    parameters.alignment.n_directions = 40;
    parameters.alignment.max_steps    = 20;
    parameters.refinement.rank        = 100;
    IterativeLSR iteration(start, fit.sampling, fit.residual, parameters);
    iteration.make_basis = [&](const unsigned int i) {
      return std::make_unique<StructuredBasis>(start, 100, i);
    };
    iteration.checkpoint = folder.file("checkpoint.pt");
    if (!restart.empty())
      iteration.restart(restart);
    iteration.run();
    EXPECT_LT(relative_difference(fit.sampling.evaluate(
                                    Network::load(*iteration.checkpoint, 2, 1)),
                                  iteration.refinement().values),
              1e-12);
    return iteration.history();
  };
  const IterationHistory whole = run(3, "");
  EXPECT_LT(whole.best()->refined_residual, whole.records[0].refined_residual);
  run(2, "");
  const IterationHistory restarted = run(3, folder.file("checkpoint.pt"));
  EXPECT_EQ(restarted.best()->refined_residual, whole.best()->refined_residual);
  // A run that has ended goes no further.
  EXPECT_EQ(run(3, folder.file("checkpoint.pt")).records.size(),
            restarted.records.size());

  // From the network without its correction it is another run.
  IterativeLSR other(network, fit.sampling, fit.residual, {});
  expect_contains(message(
                    [&]() { other.restart(folder.file("checkpoint.pt")); }),
                  "checkpoint.pt",
                  "another network");
}



TEST(RefinedNetwork, OfOtherFilesThanTorchScript)
{
  const std::string folder = std::string(LSR_TESTS) + "/network/";
  NetworkLayout     layout;
  layout.set("Architecture", "modified");
  layout.set("Activation", "tanh");
  for (const Network &network :
       {Network::load(folder + "exported/mlp-2.15.pt2", 2),
        Network::load(folder + "exported/deeponet-2.15.pt2", 6),
        layout.load(folder + "checkpoints/modified.safetensors", 2)})
    {
      SCOPED_TRACE(network.description());
      const Network refined = network.refined(random_parameters(network, 5));
      expect_equal(saved(refined), refined);
    }
}



// ------------------------------------------------------------------ files

namespace
{
  /// A refined network in a file, and changes of that file.
  class RefinedFiles : public testing::Test
  {
  protected:
    RefinedFiles()
      : network(Network::load(write("network.pt", original()), 2, 1))
    {
      network.save(path, random_parameters(network, 5));
    }

    static std::string
    original()
    {
      const TemporaryFolder folder;
      make_network().save(folder.file("network.pt"));
      return folder.read("network.pt");
    }

    std::string
    write(const std::string &name, const std::string &bytes) const
    {
      return folder.write(name, bytes);
    }

    /// The files inside of an archive.
    static std::map<std::string, std::string>
    contents(const std::string &bytes)
    {
      std::map<std::string, std::string> files;
      const ZipArchive                   archive(bytes, "archive");
      for (const std::string &name : archive.paths())
        files[name] = archive.read(name);
      return files;
    }

    static std::string
    replaced(const std::string &text,
             const std::string &old,
             const std::string &now)
    {
      const std::size_t place = text.find(old);
      EXPECT_NE(place, std::string::npos) << old;
      return text.substr(0, place) + now + text.substr(place + old.size());
    }

    /// The file with another one inside; its checksum is the right one.
    std::string
    with(const std::string &name, const std::string &content) const
    {
      auto files = contents(folder.read("refined.pt"));
      if (name != "lsr.json" && files.count(name) > 0)
        files["lsr.json"] =
          replaced(files["lsr.json"], sha256(files[name]), sha256(content));
      files[name] = content;
      return make_zip_archive(files);
    }

    /// The file with another index.
    std::string
    with_index(const std::string &old, const std::string &now) const
    {
      return with("lsr.json",
                  replaced(contents(folder.read("refined.pt"))["lsr.json"],
                           old,
                           now));
    }

    /// Loading these bytes fails, with one line that names the file.
    template <typename... Words>
    void
    refuses(const std::string &bytes, const Words &...words) const
    {
      const std::string name = "some/folder/refined.pt";
      try
        {
          Network::load_bytes(bytes, name, 2, 1);
          ADD_FAILURE() << "nothing was thrown";
        }
      catch (const Error &error)
        {
          expect_contains(error.what(), name, words...);
          EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos)
            << error.what();
        }
    }

    const TemporaryFolder folder;
    const std::string     path = folder.file("refined.pt");
    const Network         network;
  };
} // namespace



TEST_F(RefinedFiles, HaveTheFileOfTheNetworkInside)
{
  const auto files = contents(folder.read("refined.pt"));
  EXPECT_EQ(files.at("network"), folder.read("network.pt"));
  // Nothing that PyTorch could take for the network.
  for (const auto &file : files)
    EXPECT_EQ(file.first.find('/'), std::string::npos) << file.first;

  const Network refined = Network::load(path, 2, 1);
  EXPECT_EQ(refined.checksum(), sha256(folder.read("refined.pt")));
  EXPECT_EQ(network.checksum(), sha256(folder.read("network.pt")));
  // A file that is read and written is the same.
  refined.save(folder.file("again.pt"));
  EXPECT_TRUE(folder.read("again.pt") == folder.read("refined.pt"));
  refined.unrefined().save(folder.file("plain.pt"));
  expect_equal(Network::load(folder.file("plain.pt"), 2, 1), network);
  EXPECT_FALSE(
    saved(network, make_column(network.n_parameters())).is_refined());
}



TEST_F(RefinedFiles, AreKnownByTheirChecksum)
{
  const std::string sum = sha256(folder.read("refined.pt"));
  EXPECT_NO_THROW(Network::load(path, 2, 1, {{}, {}, sum}));
  expect_contains(
    message([&]() {
      Network::load(folder.file("network.pt"), 2, 1, {{}, {}, sum});
    }),
    "network.pt",
    sum,
    network.checksum());
  EXPECT_EQ(sha256("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}



TEST_F(RefinedFiles, ThatAreDamagedAreRefused)
{
  const std::string bytes = folder.read("refined.pt");
  for (std::size_t eighth = 1; eighth < 8; ++eighth)
    refuses(bytes.substr(0, eighth * bytes.size() / 8));
  refuses(bytes.substr(0, bytes.size() - 1));

  // A byte that has changed is noticed, or is none of the content.
  const auto  expected = to_vector(values(Network::load(path, 2, 1)));
  std::size_t n_errors = 0, n_tried = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 41)
    {
      std::string damaged = bytes;
      damaged[i] ^= 0x11;
      ++n_tried;
      try
        {
          EXPECT_EQ(to_vector(values(Network::load_bytes(damaged, "it", 2, 1))),
                    expected)
            << "byte " << i;
        }
      catch (const Error &error)
        {
          ++n_errors;
        }
    }
  EXPECT_GT(n_errors, 0.9 * n_tried);
}



TEST_F(RefinedFiles, ThatAreSomethingElseAreRefused)
{
  refuses(with_index("\"version\": 1", "\"version\": 2"),
          "version 2",
          "expected version 1",
          "newer dealii_lsr");
  refuses(with_index("refined network", "picture"), "picture");
  refuses(with_index("\"inputs\"", "\"ins\""), "lsr.json");
  refuses(with_index("{", "["), "lsr.json");
  refuses(with_index("\"inputs\": 2", "\"inputs\": 3"),
          "3 inputs",
          "expected 2");
  refuses(with_index("linear0.weight", "linear9.weight"),
          "linear9.weight",
          "linear0.weight");
  refuses(with_index("\"parameters.npy\"", "\"others.npy\""), "others.npy");
  refuses(with("more", "text"), "3 that it lists");
  refuses(with("network", "text"), "not a TorchScript model");
  refuses(with("network", folder.read("refined.pt")),
          "is a refined network itself");

  const std::size_t n = network.n_parameters();
  refuses(with("correction.npy", "text"), "correction.npy");
  refuses(with("correction.npy", write_npy({1., 2.}, {2})),
          "correction.npy",
          std::to_string(n),
          "[2]");
  refuses(with("correction.npy",
               write_npy(std::vector<double>(n, std::nan("")),
                         {std::int64_t(n)})),
          "not finite");
  auto files = contents(folder.read("refined.pt"));
  files.erase("parameters.npy");
  refuses(make_zip_archive(files), "3 files inside");
}



TEST_F(RefinedFiles, OfEarlierReleasesAreRefinedNetworks)
{
  // An extra file inside of the TorchScript archive.
  auto              files = contents(folder.read("network.pt"));
  const std::string top =
    files.begin()->first.substr(0, files.begin()->first.find('/'));
  const auto with_text = [&](const std::string &text) {
    files[top + "/extra/lsr_correction"] = text;
    return make_zip_archive(files);
  };
  const Column       correction = random_parameters(network, 5);
  std::ostringstream text;
  text.precision(17);
  text << "lsr-correction-1\n2 0.1 0.2\n2 2 3\n0\n1 1.5\n" << correction.size();
  for (const double number : to_vector(correction))
    text << ' ' << number;
  text << '\n';
  const std::string old   = with_text(text.str());
  const Network     found = Network::load_bytes(old, "old", 2, 1);
  const Network     expected =
    Network::load(folder.file("network.pt"),
                  2,
                  1,
                  {{{0.1, 0.2}, {2., 3.}, {}, {1.5}}, {}, ""})
      .refined(correction);
  expect_equal(found, expected);
  expect_equal(saved(found), expected);

  const std::string no_scaling = "lsr-correction-1\n0\n0\n0\n0\n";
  refuses(with_text("something else\n"), "'something'", "lsr-correction-1");
  refuses(with_text(no_scaling + "3 1 2 3\n"),
          "3 entries",
          std::to_string(network.n_parameters()) + " parameters");
  for (const std::string damage :
       {"36 1 2 3\n", "2 1 two\n", "-1\n", "1000000000000000000 1\n", ""})
    refuses(with_text(no_scaling + damage), "damaged");
  refuses(with_text("lsr-correction-1\n3 1 1 1\n0\n0\n0\n0\n"),
          "input shift",
          "3 entries");
}
