// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-equations.h"

#include <lsr/base/exceptions.h>

#include <cmath>

#include "applications/studies/random-fields/solutions.h"

namespace lsr_studies
{
  namespace
  {
    using torch::Tensor;

    /// The parts that equations share; branch and trunk have the same hidden
    /// layers, as wide as their output.
    TrainingEquation
    begin(const GaussianField &field,
          const unsigned int   n_sensors,
          const unsigned int   n_coordinates,
          const unsigned int   width,
          const unsigned int   n_hidden,
          const std::string   &architecture)
    {
      TrainingEquation equation;
      equation.branch.n_outputs    = width;
      equation.branch.widths       = std::vector<unsigned int>(n_hidden, width);
      equation.branch.architecture = architecture;
      equation.branch.initialization = "glorot";
      equation.trunk                 = equation.branch;
      equation.branch.n_inputs       = n_sensors;
      equation.trunk.n_inputs        = n_coordinates;
      equation.curvatures            = std::vector<double>(n_coordinates, 0.);
      equation.sample                = [field](std::mt19937_64 &generator) {
        return field.sample(generator);
      };
      return equation;
    }



    Tensor
    vanishing_value(const Tensor &, const Tensor &, const Tensor &s)
    {
      return s[0];
    }



    Tensor
    vanishing_slope(const Tensor &, const Tensor &, const Tensor &s)
    {
      return s[1];
    }



    /// $s' = u$, $s(0) = 0$.
    TrainingEquation
    antiderivative()
    {
      TrainingEquation equation =
        begin(squared_exponential_field(0.2), 100, 1, 50, 4, "plain");
      equation.conditions   = {{PointKind::interior,
                                1.,
                                [](const Tensor &u,
                                 const Tensor &,
                                 const Tensor &s) { return s[1] - u; }},
                               {PointKind::start, 1., vanishing_value}};
      equation.solve        = integral_of;
      equation.n_iterations = 20000;
      equation.n_points     = 100;
      return equation;
    }



    /// $s_t = 0.01 s_{xx} + 0.01 s^2 + u(x)$, $s = 0$ at first and at both
    /// ends.
    TrainingEquation
    diffusion_reaction()
    {
      TrainingEquation equation =
        begin(squared_exponential_field(0.2), 100, 2, 50, 4, "plain");
      equation.curvatures = {1., 0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const Tensor &u, const Tensor &, const Tensor &s) {
           return s[2] - 0.01 * s[3] - 0.01 * s[0] * s[0] - u;
         }},
        {PointKind::initial, 1. / 3., vanishing_value},
        {PointKind::walls, 2. / 3., vanishing_value}};
      equation.solve = [](const FourierSeries &u) {
        return diffusion_reaction_solution(u, 0.01, 0.01);
      };
      equation.n_iterations = 15000;
      equation.n_points     = 200;
      return equation;
    }



    /// $s_t + s s_x = 0.01 s_{xx}$ with period 1, $s = u$ at first.
    TrainingEquation
    burgers()
    {
      TrainingEquation equation =
        begin(burgers_initial_values(), 101, 2, 100, 6, "modified");
      equation.curvatures = {1., 0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const Tensor &, const Tensor &, const Tensor &s) {
           return s[2] + s[0] * s[1] - 0.01 * s[3];
         }},
        {PointKind::initial,
         20.,
         [](const Tensor &u, const Tensor &, const Tensor &s) {
           return s[0] - u;
         }},
        {PointKind::period, 1., vanishing_value},
        {PointKind::period, 1., vanishing_slope}};
      equation.solve = [](const FourierSeries &u) {
        const PeriodicBurgersSolution solution(u, 0.01);
        return [solution](const double *y) { return solution(y[0], y[1]); };
      };
      return equation;
    }



    /// $s_t + u(x) s_x = 0$, $s(x, 0) = \sin(\pi x)$, $s(0, t) = \sin(\pi
    /// t/2)$, where $u$ is a random function plus a constant that makes 1 its
    /// minimum.
    TrainingEquation
    advection()
    {
      const GaussianField field    = squared_exponential_field(0.2);
      TrainingEquation    equation = begin(field, 100, 2, 100, 5, "modified");
      equation.conditions          = {
                 {PointKind::interior,
                  1.,
                  [](const Tensor &u, const Tensor &, const Tensor &s) {
           return s[2] + u * s[1];
         }},
                 {PointKind::initial,
                  50.,
                  [](const Tensor &, const Tensor &y, const Tensor &s) {
           return s[0] - torch::sin(M_PI * y.select(1, 0));
         }},
                 {PointKind::inflow,
                  50.,
                  [](const Tensor &, const Tensor &y, const Tensor &s) {
           return s[0] - torch::sin(0.5 * M_PI * y.select(1, 1));
         }}};
      equation.sample = [field](std::mt19937_64 &generator) {
        FourierSeries u = field.sample(generator);
        u.mean += 1. - u.minimum(0., 1.);
        return u;
      };
      equation.solve = advection_solution;
      return equation;
    }
  } // namespace



  const std::vector<std::string> &
  training_equations()
  {
    static const std::vector<std::string> names = {"antiderivative",
                                                   "diffusion-reaction",
                                                   "burgers",
                                                   "advection"};
    return names;
  }



  TrainingEquation
  make_training_equation(const std::string &name)
  {
    if (name == "antiderivative")
      return antiderivative();
    if (name == "diffusion-reaction")
      return diffusion_reaction();
    if (name == "burgers")
      return burgers();
    if (name == "advection")
      return advection();
    throw Error("unknown equation '" + name +
                "', expected antiderivative, diffusion-reaction, burgers or "
                "advection");
  }
} // namespace lsr_studies
