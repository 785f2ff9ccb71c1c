// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

// The parameter files of operator problems, and the finite-element solutions
// that refined networks are measured against, next to solutions in closed form.

#include <lsr/base/types.h>
#include <lsr/fe/nodal_sampling.h>
#include <lsr/fe/problem.h>

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "applications/studies/random-fields/solutions.h"

using namespace lsr_studies;

namespace
{
  /// The problem of a parameter file; sections that it does not know, of
  /// networks, are skipped.
  template <int dim>
  std::unique_ptr<Problem<dim>>
  read_problem(const std::string &name)
  {
    dealii::ParameterAcceptor::clear();
    auto  problem = std::make_unique<Problem<dim>>(MPI_COMM_WORLD);
    auto &prm     = dealii::ParameterAcceptor::prm;
    dealii::ParameterAcceptor::declare_all_parameters(prm);
    prm.parse_input(std::string(LSR_STUDIES) + "/physics-informed-operators/" +
                      name + ".prm",
                    "",
                    /* skip_undefined = */ true);
    dealii::ParameterAcceptor::parse_all_parameters(prm);
    return problem;
  }

  /// Relative l2 error over the nodes of the solution for the input function
  /// @p input, on the mesh of the file refined @p further times.
  template <int dim>
  double
  nodal_error(const std::string       &name,
              const FourierSeries     &input,
              const unsigned int       further,
              const ReferenceSolution &exact)
  {
    const auto problem = read_problem<dim>(name);
    problem->advection_diffusion_reaction().set_functions(
      {{"input", input.expression("x")}});
    problem->setup(further);
    const FEVector solution =
      problem->solve(dealii::ConditionalOStream(std::cout, false));
    const HostBlock x =
      to_host(nodal_sampling(problem->discretization.mapping(),
                             problem->discretization.dof_handler(),
                             1)
                .points);
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < x.extent(1); ++i)
      {
        const double value = exact(&x(0, i));
        error += std::pow(solution.local_element(i) - value, 2);
        norm += value * value;
      }
    return std::sqrt(error / norm);
  }
} // namespace

TEST(OperatorReferences, AntiderivativeIsTheIntegral)
{
  std::mt19937_64     generator(1);
  const FourierSeries u = squared_exponential_field(0.2).sample(generator);
  EXPECT_LT(nodal_error<1>("antiderivative", u, 0, integral_of(u)), 1e-10);
}

TEST(OperatorReferences, BurgersIsColeHopf)
{
  std::mt19937_64               generator(1);
  const FourierSeries           u = burgers_initial_values().sample(generator);
  const PeriodicBurgersSolution exact(u, 0.01);
  EXPECT_LT(nodal_error<2>("burgers",
                           u,
                           0,
                           [&](const double *y) { return exact(y[0], y[1]); }),
            1e-5);
}

TEST(OperatorReferences, AdvectionFollowsCharacteristicsAndConverges)
{
  std::mt19937_64 generator(1);
  FourierSeries   u = squared_exponential_field(0.2).sample(generator);
  u.mean += 1 - u.minimum(0, 1);
  const auto   exact = advection_solution(u);
  const double error = nodal_error<2>("advection", u, 0, exact);
  EXPECT_LT(error, 2e-3);
  // The solution has a kink.
  EXPECT_LT(nodal_error<2>("advection", u, 1, exact), error / 2);
}
