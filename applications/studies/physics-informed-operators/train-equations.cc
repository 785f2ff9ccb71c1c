// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/physics-informed-operators/train-equations.h"

#include <lsr/base/exceptions.h>

#include <cmath>

#include "applications/studies/physics-informed-operators/train-solutions.h"
#include "applications/studies/random-fields/burgers.h"

namespace lsr_studies
{
  namespace
  {
    FullyConnected
    make_layout(const unsigned int n_inputs,
                const unsigned int width,
                const unsigned int n_hidden,
                const std::string &architecture)
    {
      FullyConnected layout;
      layout.n_inputs       = n_inputs;
      layout.n_outputs      = width;
      layout.widths         = std::vector<unsigned int>(n_hidden, width);
      layout.architecture   = architecture;
      layout.initialization = "glorot";
      return layout;
    }



    double
    vanishing_value(double, const double *, const double *jet, double *slopes)
    {
      slopes[0] = 1.;
      return jet[0];
    }



    double
    vanishing_slope(double, const double *, const double *jet, double *slopes)
    {
      slopes[1] = 1.;
      return jet[1];
    }



    /// $s' = u$, $s(0) = 0$.
    TrainingEquation
    antiderivative()
    {
      TrainingEquation equation;
      equation.branch     = make_layout(100, 50, 4, "plain");
      equation.trunk      = make_layout(1, 50, 4, "plain");
      equation.curvatures = {0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const double u, const double *, const double *jet, double *slopes) {
           slopes[1] = 1.;
           return jet[1] - u;
         }},
        {PointKind::start, 1., vanishing_value}};
      const GaussianField field = squared_exponential_field(0.2);
      equation.sample           = [field](std::mt19937_64 &generator) {
        return field.sample(generator);
      };
      equation.solve         = integral_of;
      equation.n_iterations  = 20000;
      equation.n_functions   = 100;
      equation.n_points      = 100;
      equation.learning_rate = 3e-3;
      return equation;
    }



    /// $s_t = 0.01 s_{xx} + 0.01 s^2 + u(x)$, $s = 0$ at first and at both
    /// ends.
    TrainingEquation
    diffusion_reaction()
    {
      TrainingEquation equation;
      equation.branch     = make_layout(100, 50, 4, "plain");
      equation.trunk      = make_layout(2, 50, 4, "plain");
      equation.curvatures = {1., 0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const double u, const double *, const double *jet, double *slopes) {
           slopes[0] = -0.02 * jet[0];
           slopes[2] = 1.;
           slopes[3] = -0.01;
           return jet[2] - 0.01 * jet[3] - 0.01 * jet[0] * jet[0] - u;
         }},
        {PointKind::initial, 1. / 3., vanishing_value},
        {PointKind::walls, 2. / 3., vanishing_value}};
      const GaussianField field = squared_exponential_field(0.2);
      equation.sample           = [field](std::mt19937_64 &generator) {
        return field.sample(generator);
      };
      equation.solve = [](const FourierSeries &u) {
        return diffusion_reaction_solution(u, 0.01, 0.01);
      };
      equation.n_iterations  = 15000;
      equation.n_functions   = 100;
      equation.n_points      = 200;
      equation.learning_rate = 3e-3;
      return equation;
    }



    /// $s_t + s s_x = 0.01 s_{xx}$ with period 1, $s = u$ at first.
    TrainingEquation
    burgers()
    {
      TrainingEquation equation;
      equation.branch     = make_layout(101, 100, 6, "modified");
      equation.trunk      = make_layout(2, 100, 6, "modified");
      equation.curvatures = {1., 0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const double, const double *, const double *jet, double *slopes) {
           slopes[0] = jet[1];
           slopes[1] = jet[0];
           slopes[2] = 1.;
           slopes[3] = -0.01;
           return jet[2] + jet[0] * jet[1] - 0.01 * jet[3];
         }},
        {PointKind::initial,
         20.,
         [](const double u, const double *, const double *jet, double *slopes) {
           slopes[0] = 1.;
           return jet[0] - u;
         }},
        {PointKind::period, 1., vanishing_value},
        {PointKind::period, 1., vanishing_slope}};
      const GaussianField field = rational_field(M_SQRT2 * 625, 5, 1, false);
      equation.sample           = [field](std::mt19937_64 &generator) {
        return field.sample(generator);
      };
      equation.solve = [](const FourierSeries &u) {
        const PeriodicBurgersSolution solution(u, 0.01);
        return [solution](const double *y) { return solution(y[0], y[1]); };
      };
      equation.n_iterations  = 8000;
      equation.n_functions   = 100;
      equation.n_points      = 250;
      equation.learning_rate = 3e-3;
      return equation;
    }



    /// $s_t + u(x) s_x = 0$, $s(x, 0) = \sin(\pi x)$, $s(0, t) = \sin(\pi
    /// t/2)$, where $u$ is a random function plus what makes 1 its minimum.
    TrainingEquation
    advection()
    {
      TrainingEquation equation;
      equation.branch     = make_layout(100, 100, 5, "modified");
      equation.trunk      = make_layout(2, 100, 5, "modified");
      equation.curvatures = {0., 0.};
      equation.conditions = {
        {PointKind::interior,
         1.,
         [](const double u, const double *, const double *jet, double *slopes) {
           slopes[1] = u;
           slopes[2] = 1.;
           return jet[2] + u * jet[1];
         }},
        {PointKind::initial,
         50.,
         [](const double, const double *y, const double *jet, double *slopes) {
           slopes[0] = 1.;
           return jet[0] - std::sin(M_PI * y[0]);
         }},
        {PointKind::inflow,
         50.,
         [](const double, const double *y, const double *jet, double *slopes) {
           slopes[0] = 1.;
           return jet[0] - std::sin(0.5 * M_PI * y[1]);
         }}};
      const GaussianField field = squared_exponential_field(0.2);
      equation.sample           = [field](std::mt19937_64 &generator) {
        FourierSeries u = field.sample(generator);
        u.mean += 1. - u.minimum(0., 1.);
        return u;
      };
      equation.solve         = advection_solution;
      equation.n_iterations  = 8000;
      equation.n_functions   = 100;
      equation.n_points      = 250;
      equation.learning_rate = 3e-3;
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
