// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_fe_equation_registry_h
#define lsr_fe_equation_registry_h

#include <deal.II/base/config.h>

#include <lsr/base/config.h>
#include <lsr/fe/weak_form.h>

#include <boost/preprocessor/cat.hpp>

#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <vector>

// Equations and reference solutions by name: those of this library and those
// that users register in shared libraries of their own.

namespace lsr
{
  template <int dim, typename Form>
  class AutomaticWeakForm;

  /// The name of AdvectionDiffusionReaction, which problems take if nothing is
  /// said.
  constexpr const char *default_equation = "advection-diffusion-reaction";

  /// Numbers of dimensions, each between 1 and 3.
  template <int... dims>
  struct Dimensions
  {};

  /// Makes an equation.
  template <int dim>
  using EquationMaker = std::unique_ptr<WeakForm<dim>> (*)();

  /// One for each number of dimensions; null where an equation has none.
  using EquationMakers =
    std::tuple<EquationMaker<1>, EquationMaker<2>, EquationMaker<3>>;

  /**
   * Make the equation that is registered as @p name. If it is a
   * ParameterAcceptor, its parameters are declared with those of all others.
   *
   * Throws lsr::Error if there is no such equation (and lists those that there
   * are), or none in @p dim dimensions, or if a registration has failed.
   */
  template <int dim>
  std::unique_ptr<WeakForm<dim>>
  make_equation(const std::string &name);

  /// All names with their descriptions, "a (description), b (description)".
  std::string
  describe_equations();

  /// Makes a solution from the numbers that follow its name in a parameter
  /// file, as in "burgers: 0.01".
  template <int dim>
  using ReferenceSolutionMaker = std::shared_ptr<const dealii::Function<dim>> (
      *)(const std::vector<double> &numbers);

  /**
   * Make the known solution that is registered as @p name for @p dim
   * dimensions. Throws lsr::Error if there is none (and lists those that there
   * are), or if a registration has failed.
   */
  template <int dim>
  std::shared_ptr<const dealii::Function<dim>>
  make_reference_solution(const std::string         &name,
                          const std::vector<double> &numbers);

  /// As describe_equations(), for the solutions in @p dim dimensions.
  template <int dim>
  std::string
  describe_reference_solutions();

  /**
   * Load the shared library @p library, whose LSR_REGISTER_EQUATION register
   * equations, and LSR_REGISTER_REFERENCE_SOLUTION solutions. Relative names
   * are relative to @p folder; names without a slash are also looked for where
   * the dynamic linker does. The library stays.
   *
   * A shared library is a program: loading it runs code that its author chose.
   *
   * Throws lsr::Error where there is no such file, where it is no shared
   * library, where something is missing that it uses, where it was built with
   * another version of deal.II or of this library, and where it registers a
   * name that is taken.
   */
  void
  load_equations(const std::string &library, const std::string &folder = "");

  namespace internal
  {
    /// Does not throw, as there is no place to catch it: errors are reported by
    /// load_equations() or make_equation().
    void
    register_equation(const std::string    &built_with,
                      const std::string    &name,
                      const std::string    &description,
                      const EquationMakers &makers);

    template <int dim>
    void
    register_reference_solution(const std::string                &built_with,
                                const std::string                &name,
                                const std::string                &description,
                                const ReferenceSolutionMaker<dim> maker);

    template <typename Solution>
    struct ReferenceSolutionRegistration
    {
      static constexpr int dim = Solution::dimension;

      ReferenceSolutionRegistration(const std::string &built_with,
                                    const std::string &name,
                                    const std::string &description)
      {
        register_reference_solution<dim>(
          built_with,
          name,
          description,
          [](const std::vector<double> &numbers)
            -> std::shared_ptr<const dealii::Function<dim>> {
            return std::make_shared<const Solution>(numbers);
          });
      }
    };

    template <template <int> class Equation, int dim>
    std::unique_ptr<WeakForm<dim>>
    make()
    {
      if constexpr (std::is_base_of_v<WeakForm<dim>, Equation<dim>>)
        return std::make_unique<Equation<dim>>();
      else
        return std::make_unique<AutomaticWeakForm<dim, Equation<dim>>>();
    }

    template <template <int> class Equation>
    struct EquationRegistration
    {
      template <int... dims>
      EquationRegistration(const std::string &built_with,
                           const std::string &name,
                           const std::string &description,
                           const Dimensions<dims...>)
      {
        EquationMakers makers{nullptr, nullptr, nullptr};
        ((std::get<dims - 1>(makers) = &make<Equation, dims>), ...);
        register_equation(built_with, name, description, makers);
      }

      EquationRegistration(const std::string &built_with,
                           const std::string &name,
                           const std::string &description)
        : EquationRegistration(built_with,
                               name,
                               description,
                               Dimensions<2, 3>())
      {}
    };
  } // namespace internal
} // namespace lsr

#ifdef DEBUG
#  define LSR_BUILD_TYPE "Debug"
#else
#  define LSR_BUILD_TYPE "Release"
#endif

/// Has to be the same in a library of equations and in a program that loads
/// it.
#define LSR_BUILT_WITH                                              \
  "dealii_lsr " LSR_VERSION " and deal.II " DEAL_II_PACKAGE_VERSION \
  ", as " LSR_BUILD_TYPE

/**
 * Register an equation, in a source file of a shared library or of a program:
 * @code
 *   LSR_REGISTER_EQUATION(MinimalSurface, "minimal surface", "div(...) = 0")
 * @endcode
 * The first argument is a class template with the number of dimensions as its
 * argument, an AutomaticForm or a WeakForm, which has a default constructor;
 * as a ParameterAcceptor it has a section in parameter files. Parameter files
 * choose it by its name, `Equation/Name`; name and description are in
 * `--print-parameters`. A fourth argument says in which dimensions there is
 * this equation, `lsr::Dimensions<2, 3>()` if it is missing.
 */
#define LSR_REGISTER_EQUATION(Equation, ...)                              \
  namespace                                                               \
  {                                                                       \
    const ::lsr::internal::EquationRegistration<Equation>                 \
      BOOST_PP_CAT(lsr_equation_, __LINE__)(LSR_BUILT_WITH, __VA_ARGS__); \
  }

/**
 * Register a solution that no expression gives, to measure errors with:
 * @code
 *   LSR_REGISTER_REFERENCE_SOLUTION(Hump, "hump", "exp(-|x|^2/a)")
 * @endcode
 * The first argument is a dealii::Function with a constructor that takes a
 * vector of numbers, and throws if they are not what it needs. Parameter files
 * choose it by `Equation/Reference solution`, as in "hump: 2".
 */
#define LSR_REGISTER_REFERENCE_SOLUTION(Solution, ...)                    \
  namespace                                                               \
  {                                                                       \
    const ::lsr::internal::ReferenceSolutionRegistration<Solution>        \
      BOOST_PP_CAT(lsr_solution_, __LINE__)(LSR_BUILT_WITH, __VA_ARGS__); \
  }

#endif
