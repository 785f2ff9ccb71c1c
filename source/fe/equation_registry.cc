// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include <lsr/base/exceptions.h>
#include <lsr/fe/equation_registry.h>

#include <boost/core/demangle.hpp>

#include <dlfcn.h>

#include <filesystem>
#include <map>
#include <utility>

namespace lsr
{
  namespace
  {
    template <typename Maker>
    struct Entry
    {
      std::string description;
      Maker       maker;

      /// Where it is registered.
      std::string origin;
    };


    template <typename Maker>
    using Entries = std::map<std::string, Entry<Maker>>;


    struct Registry
    {
      Entries<EquationMakers> equations;

      std::tuple<Entries<ReferenceSolutionMaker<1>>,
                 Entries<ReferenceSolutionMaker<2>>,
                 Entries<ReferenceSolutionMaker<3>>>
        solutions;

      /// Who registers something at the moment.
      std::string origin = "the program";

      /// The first registration that failed, and why.
      std::string failure;
    };


    /// Registrations happen while other static objects are still to be made.
    Registry &
    registry()
    {
      static Registry result;
      return result;
    }


    /// Throw if a registration has failed, once.
    void
    report_failure()
    {
      const std::string failure = std::exchange(registry().failure, "");
      require(failure.empty(), failure);
    }


    template <typename Maker>
    std::string
    known_names(const Entries<Maker> &entries)
    {
      std::string names;
      for (const auto &entry : entries)
        names += (names.empty() ? "'" : ", '") + entry.first + "'";
      return names.empty() ? "none" : names;
    }


    template <typename Maker>
    std::string
    describe(const Entries<Maker> &entries)
    {
      std::string text;
      for (const auto &[name, entry] : entries)
        text +=
          (text.empty() ? "" : ", ") + name + " (" + entry.description + ")";
      return text.empty() ? "none" : text;
    }


    /// Add @p maker to @p entries, or write down why that is impossible.
    template <typename Maker>
    void
    add(Entries<Maker>    &entries,
        const std::string &kind,
        const std::string &built_with,
        const std::string &name,
        const std::string &description,
        const Maker       &maker)
    {
      const std::string what =
        "the " + kind + " '" + name + "' of " + registry().origin + " ";
      std::string failure;
      if (built_with != LSR_BUILT_WITH)
        failure = what + "was built with " + built_with + ", expected " +
                  LSR_BUILT_WITH + ": build it again";
      else if (const auto [entry, is_new] = entries.insert(
                 {name, {description, maker, registry().origin}});
               !is_new)
        failure = what + "has a name that is registered twice, first by " +
                  entry->second.origin;
      if (registry().failure.empty())
        registry().failure = failure;
    }


    /// "2 and 3"
    std::string
    dimensions(const EquationMakers &makers)
    {
      std::string text;
      const auto  add = [&](const char *number, const bool there_is) {
        if (there_is)
          text += (text.empty() ? "" : " and ") + std::string(number);
      };
      add("1", std::get<0>(makers) != nullptr);
      add("2", std::get<1>(makers) != nullptr);
      add("3", std::get<2>(makers) != nullptr);
      return text;
    }


    const std::string setting = "Additional shared libraries: ";


    /// The argument of dlopen() for a library whose place relative
    /// to the parameter file is @p nearby.
    std::string
    find_library(const std::string &library, const std::string &nearby)
    {
      if (std::filesystem::exists(nearby))
        return nearby;
      require(!std::filesystem::path(library).has_parent_path(),
              setting + "there is no file '" + nearby + "'");
      return library;
    }


    /// One sentence about a library that dlopen() refuses for @p reason.
    std::string
    explain(const std::string &path,
            const std::string &nearby,
            std::string        reason)
    {
      if (reason.rfind(path + ": ", 0) == 0)
        reason.erase(0, path.size() + 2);

      const std::string undefined = "undefined symbol: ";
      if (reason.rfind(undefined, 0) == 0)
        return setting + "'" + path + "' uses '" +
               boost::core::demangle(reason.substr(undefined.size()).c_str()) +
               "', which is nowhere defined (a missing symbol): link what "
               "defines it, or, if that is dealii_lsr or deal.II, build the "
               "library again with this version, " LSR_BUILT_WITH;

      if (path != nearby &&
          reason.rfind("cannot open shared object file", 0) == 0)
        return setting + "there is no file '" + nearby +
               "', and no such library where the dynamic linker looks "
               "(LD_LIBRARY_PATH)";
      return setting + "'" + path +
             "' is not a shared library that can be loaded (" + reason +
             "), expected one with LSR_REGISTER_EQUATION";
    }
  } // namespace


  namespace internal
  {
    void
    register_equation(const std::string    &built_with,
                      const std::string    &name,
                      const std::string    &description,
                      const EquationMakers &makers)
    {
      add(registry().equations,
          "equation",
          built_with,
          name,
          description,
          makers);
    }


    template <int dim>
    void
    register_reference_solution(const std::string                &built_with,
                                const std::string                &name,
                                const std::string                &description,
                                const ReferenceSolutionMaker<dim> maker)
    {
      add(std::get<dim - 1>(registry().solutions),
          "reference solution",
          built_with,
          name,
          description,
          maker);
    }


    template void
    register_reference_solution(const std::string &,
                                const std::string &,
                                const std::string &,
                                const ReferenceSolutionMaker<1>);
    template void
    register_reference_solution(const std::string &,
                                const std::string &,
                                const std::string &,
                                const ReferenceSolutionMaker<2>);
    template void
    register_reference_solution(const std::string &,
                                const std::string &,
                                const std::string &,
                                const ReferenceSolutionMaker<3>);
  } // namespace internal


  template <int dim>
  std::unique_ptr<WeakForm<dim>>
  make_equation(const std::string &name)
  {
    report_failure();
    const auto &equations = registry().equations;
    const auto  entry     = equations.find(name);
    require(entry != equations.end(),
            "Equation/Name is '" + name + "', expected one of " +
              known_names(equations) +
              "; others have to be registered by one of the libraries in "
              "Additional shared libraries");
    const EquationMakers    &makers = entry->second.maker;
    const EquationMaker<dim> maker  = std::get<dim - 1>(makers);
    require(maker != nullptr,
            "Equation/Name is '" + name + "', which is registered for " +
              dimensions(makers) + " dimensions, but Dimension is " +
              std::to_string(dim));
    return maker();
  }


  std::string
  describe_equations()
  {
    return describe(registry().equations);
  }


  template <int dim>
  std::shared_ptr<const dealii::Function<dim>>
  make_reference_solution(const std::string         &name,
                          const std::vector<double> &numbers)
  {
    report_failure();
    const auto &solutions = std::get<dim - 1>(registry().solutions);
    const auto  entry     = solutions.find(name);
    require(entry != solutions.end(),
            "there is no reference solution '" + name + "' in " +
              std::to_string(dim) + " dimensions, expected one of " +
              known_names(solutions));
    return entry->second.maker(numbers);
  }


  template <int dim>
  std::string
  describe_reference_solutions()
  {
    return describe(std::get<dim - 1>(registry().solutions));
  }


  void
  load_equations(const std::string &library, const std::string &folder)
  {
    const std::string nearby =
      std::filesystem::absolute(std::filesystem::path(folder) / library)
        .string();
    const std::string path = find_library(library, nearby);
    registry().origin      = "'" + path + "'";
    const bool loaded = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr;
    registry().origin = "the program";
    require(loaded, loaded ? "" : explain(path, nearby, dlerror()));
    report_failure();
  }


  template std::unique_ptr<WeakForm<1>>
  make_equation(const std::string &);
  template std::unique_ptr<WeakForm<2>>
  make_equation(const std::string &);
  template std::unique_ptr<WeakForm<3>>
  make_equation(const std::string &);
  template std::shared_ptr<const dealii::Function<1>>
  make_reference_solution(const std::string &, const std::vector<double> &);
  template std::shared_ptr<const dealii::Function<2>>
  make_reference_solution(const std::string &, const std::vector<double> &);
  template std::shared_ptr<const dealii::Function<3>>
  make_reference_solution(const std::string &, const std::vector<double> &);
  template std::string
  describe_reference_solutions<1>();
  template std::string
  describe_reference_solutions<2>();
  template std::string
  describe_reference_solutions<3>();
} // namespace lsr
