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
    struct Equation
    {
      std::string    description;
      EquationMakers makers;

      /// Where it is registered.
      std::string origin;
    };


    struct Registry
    {
      std::map<std::string, Equation> equations;

      /// Who registers equations at the moment.
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


    std::string
    known_names()
    {
      std::string names;
      for (const auto &[name, equation] : registry().equations)
        names += (names.empty() ? "'" : ", '") + name + "'";
      return names;
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


    /// What dlopen() shall be called with for a library whose place relative
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
      Registry         &all = registry();
      const std::string what =
        "the equation '" + name + "' of " + all.origin + " ";
      const auto  taken = all.equations.find(name);
      std::string failure;
      if (built_with != LSR_BUILT_WITH)
        failure = what + "was built with " + built_with + ", expected " +
                  LSR_BUILT_WITH + ": build it again";
      else if (taken != all.equations.end())
        failure = what + "has a name that is registered twice, first by " +
                  taken->second.origin;
      else
        all.equations[name] = {description, makers, all.origin};
      if (all.failure.empty())
        all.failure = failure;
    }
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
              known_names() +
              "; others have to be registered by one of the libraries in "
              "Additional shared libraries");
    const EquationMakers    &makers = entry->second.makers;
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
    std::string text;
    for (const auto &[name, equation] : registry().equations)
      text +=
        (text.empty() ? "" : ", ") + name + " (" + equation.description + ")";
    return text;
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
} // namespace lsr
